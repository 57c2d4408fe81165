// express-openid-connect as its documentation shows it, with the answer as a form.
import express from "express";
import oidc from "express-openid-connect";

const { issuer, port, secret } = JSON.parse(process.argv[2]);
const app = express();
app.use(
  oidc.auth({
    issuerBaseURL: issuer,
    baseURL: `http://127.0.0.1:${port}`,
    clientID: "express",
    clientSecret: secret,
    secret: "what-signs-the-cookies-of-a-test",
    authRequired: false,
    idpLogout: true,
    authorizationParams: { response_type: "code", response_mode: "form_post", scope: "openid profile offline_access" },
    routes: { postLogoutRedirect: "/bye" },
  }),
);
app.get("/private", oidc.requiresAuth(), (request, response) => response.json(request.oidc.user));
app.get("/refresh", oidc.requiresAuth(), async (request, response) => {
  const before = request.oidc.accessToken.access_token;
  const fresh = await request.oidc.accessToken.refresh();
  response.json({ changed: fresh.access_token !== before, info: await request.oidc.fetchUserInfo() });
});
app.get("/bye", (_request, response) => response.send("bye"));
app.get("/up", (_request, response) => response.send("up"));
app.listen(port, "127.0.0.1");
