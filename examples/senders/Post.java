// Posts an event to the unified callback (Java 17). Run: SECRET=… java Post.java https://gate.example.com
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Post {
    public static void main(String[] arguments) throws Exception {
        long now = System.currentTimeMillis();
        String body = "{\"event_id\":\"order-" + now + "\",\"event_type\":\"order.paid\",\"timestamp\":" + now / 1000 + ",\"data\":{\"order\":\"A-17\"}}";
        var mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(System.getenv("SECRET").getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        String signature = HexFormat.of().formatHex(mac.doFinal(body.getBytes(StandardCharsets.UTF_8)));
        var request = HttpRequest.newBuilder(URI.create(arguments[0] + "/api/platform/callback"))
            .header("Content-Type", "application/json")
            .header("X-Signature", "sha256=" + signature)
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
        var answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
        System.out.println(answer.statusCode() + " " + answer.body());
    }
}
