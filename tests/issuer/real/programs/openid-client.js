// openid-client as its documentation shows it: discovery, PKCE, state, nonce, and all of its checks.
import express from "express";
import * as client from "openid-client";

const { issuer, port, secret } = JSON.parse(process.argv[2]);
const home = `http://127.0.0.1:${port}`;
const config = await client.discovery(new URL(issuer), "openid-client", secret, undefined, {
  execute: [client.allowInsecureRequests],
});
const app = express();
let begun, tokens;
app.get("/private", async (_request, response) => {
  if (tokens) return response.json(tokens.claims());
  begun = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
  };
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: `${home}/callback`,
    scope: "openid profile offline_access",
    state: begun.expectedState,
    nonce: begun.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(begun.pkceCodeVerifier),
    code_challenge_method: "S256",
    max_age: 0,
  });
  response.redirect(address.href);
});
app.get("/callback", async (request, response) => {
  const checks = { ...begun, idTokenExpected: true, maxAge: 60 };
  tokens = await client.authorizationCodeGrant(config, new URL(request.originalUrl, home), checks);
  response.redirect("/private");
});
app.get("/refresh", async (_request, response) => {
  const { sub } = tokens.claims();
  const fresh = await client.refreshTokenGrant(config, tokens.refresh_token);
  const info = await client.fetchUserInfo(config, fresh.access_token, sub);
  const seen = await client.tokenIntrospection(config, fresh.access_token);
  response.json({ changed: fresh.access_token !== tokens.access_token && seen.active, info });
});
app.get("/logout", async (_request, response) => {
  const address = client.buildEndSessionUrl(config, {
    post_logout_redirect_uri: `${home}/bye`,
    id_token_hint: tokens.id_token,
  });
  tokens = undefined;
  response.redirect(address.href);
});
app.get("/bye", (_request, response) => response.send("bye"));
app.get("/up", (_request, response) => response.send("up"));
app.listen(port, "127.0.0.1");
