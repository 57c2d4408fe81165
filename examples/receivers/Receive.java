// Receives events that Callgate forwards (Java 17). Run: SECRET=whsec_… java Receive.java 8080
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Receive {
    static final byte[] KEY = Base64.getDecoder().decode(System.getenv("SECRET").replaceFirst("^whsec_", ""));
    static final Set<String> SEEN = ConcurrentHashMap.newKeySet(); // in real life: a table with a unique column

    static boolean isGenuine(String id, String at, String given, byte[] body) throws Exception {
        if (id == null || at == null || given == null) return false;
        if (Math.abs(System.currentTimeMillis() / 1000 - Long.parseLong(at)) > 300) return false;
        var signed = new ByteArrayOutputStream();
        signed.writeBytes((id + "." + at + ".").getBytes(StandardCharsets.UTF_8));
        signed.writeBytes(body);
        var mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(KEY, "HmacSHA256"));
        byte[] own = mac.doFinal(signed.toByteArray());
        for (String each : given.split(" ")) {
            if (each.startsWith("v1,") && MessageDigest.isEqual(own, Base64.getDecoder().decode(each.substring(3)))) return true;
        }
        return false;
    }

    public static void main(String[] arguments) throws Exception {
        var server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0])), 0);
        server.createContext("/hooks", exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            var headers = exchange.getRequestHeaders();
            String id = headers.getFirst("webhook-id");
            int status = 204;
            try {
                if (!isGenuine(id, headers.getFirst("webhook-timestamp"), headers.getFirst("webhook-signature"), body)) status = 401;
                else if (SEEN.add(id)) System.out.println(new String(body, StandardCharsets.UTF_8)); // again when your answer got lost
            } catch (Exception error) {
                status = 400;
            }
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
        server.start();
    }
}
