package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;

/** Needs Docker, and the image: `docker build -t dashscope-mock .` in a checkout of the project. */
@Testcontainers
class ShopTest {
    @Container
    private static final GenericContainer<?> MOCK = new GenericContainer<>("dashscope-mock")
            .withCommand("serve", "--host", "0.0.0.0", "--control", "on")
            .withExposedPorts(8000)
            .waitingFor(Wait.forHttp("/_mock/health").forStatusCode(200));

    private final HttpClient client = HttpClient.newHttpClient();
    /** A world of this test's own: no other test sees what is scripted or asked with this key. */
    private final String key = "sk-" + UUID.randomUUID();

    private HttpResponse<String> post(String path, String json) throws Exception {
        String url = "http://" + MOCK.getHost() + ":" + MOCK.getMappedPort(8000) + path;
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .header("Content-Type", "application/json")
                .header("Authorization", "Bearer " + key)
                .POST(HttpRequest.BodyPublishers.ofString(json))
                .build();
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void theShopAsksForTheSize() throws Exception {
        post("/_mock/replies", """
                {"match": {"key": "%s", "last_user": {"contains": "phone"}}, "reply": {"content": "Which size?"}}
                """.formatted(key));
        HttpResponse<String> answer = post("/compatible-mode/v1/chat/completions", """
                {"model": "qwen-plus", "messages": [{"role": "user", "content": "I would like a phone."}]}
                """);
        assertEquals(200, answer.statusCode());
        assertTrue(answer.body().contains("Which size?"));
    }
}
