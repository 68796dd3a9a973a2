package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dashscope.mock.Mock;
import dashscope.mock.Text;
import dashscope.mock.World;
import dashscope.mock.control.ApiException;
import dashscope.mock.control.model.ExchangeNearConditionsInner;
import dashscope.mock.control.model.Quota;
import dashscope.mock.control.model.RepliesRepliesInner;
import dashscope.mock.control.model.Reply;
import dashscope.mock.control.model.ReplyMatch;
import dashscope.mock.control.model.ReplyReply;
import dashscope.mock.control.model.RequestsEntry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The shop's tests with JUnit 5, all at the same time, and the control API by its types. */
class ShopTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static Mock mock;

    @BeforeAll
    static void start() throws Exception {
        mock = Mock.start();
    }

    @AfterAll
    static void stop() {
        mock.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"small", "large"})
    void aPhoneIsSoldInTwoTurnsBesideTheOtherTests(String size) throws Exception {
        World world = mock.world(); // a key of its own
        world.when(new ReplyMatch().lastUser(Text.contains("phone")), "Which size?");
        world.when(new ReplyMatch().lastUser(Text.is(size)), new ReplyReply().content("One " + size + " phone."));
        assertEquals("Which size?", shop(world, "I would like a phone."));
        assertEquals("One " + size + " phone.", shop(world, size));
        assertEquals(List.of(200, 200), statuses(world));
    }

    @Test
    void conditionsServeManyWorlds() throws Exception {
        var greeted = new ReplyMatch().lastUser(Text.regex("^(Hi|Hello)"));
        World[] worlds = {mock.world(), mock.world()};
        for (World world : worlds) {
            world.when(greeted, "Welcome to " + world.key());
        }
        for (World world : worlds) {
            assertEquals("Welcome to " + world.key(), shop(world, "Hello!"));
        }
    }

    @Test
    void aMissShowsTheConditionThatDoesNotHold() throws Exception {
        World world = mock.world();
        world.when(new ReplyMatch().parameters(Map.of("temperature", 0.5)), "Warm.");
        assertNotEquals("Warm.", shop(world, "Tea?"));
        String number = String.valueOf(world.requests().get(0).getNumber());
        var near = mock.control().exchange(number, null).getNear();
        var missed = near.getConditions().stream().filter(condition -> !condition.getHolds());
        assertEquals(List.of("parameters"), missed.map(ExchangeNearConditionsInner::getCondition).toList());
    }

    @Test
    void aThrottledCallIsSeen() throws Exception {
        World world = mock.world();
        world.fault("Throttling.RateQuota", 1);
        assertEquals("429", shop(world, "Tea?"));
        assertEquals(List.of(429), statuses(world));
    }

    @Test
    void aQuotaSetsALimit() throws Exception {
        World world = mock.world();
        mock.control().putQuota(new Quota().key(world.key()).model("qwen-plus").rpm(1));
        shop(world, "Tea?");
        assertEquals("429", shop(world, "Tea?"));
        assertEquals(List.of(200, 429), statuses(world));
        world.reset();
        assertEquals(List.of(), statuses(world));
    }

    @Test
    void scriptsAreSeenWithTheirUses() throws Exception {
        World world = mock.world();
        world.reply(new ReplyReply().content("Oolong."), new ReplyReply().content("Sencha."));
        assertEquals("Oolong.", shop(world, "Tea?"));
        assertEquals("Sencha.", shop(world, "Tea?"));
        var replies = mock.control().replies(world.key(), null).getReplies();
        assertEquals(List.of(2), replies.stream().map(RepliesRepliesInner::getUsed).toList());
    }

    @Test
    void theMetricsAreText() throws Exception {
        assertTrue(mock.control().metrics().contains("dashscope_mock_requests_total"));
    }

    @Test
    void whatTheControlApiRefusesIsTold() {
        var reply = new Reply().reply(List.of(new ReplyReply().content(""))).times(0);
        var refused = assertThrows(ApiException.class, () -> mock.control().addReply(reply));
        assertEquals(400, refused.getCode());
        assertTrue(refused.getMessage().contains("times"), refused.getMessage());
    }

    @Test
    void aServerThatDoesNotStartSaysWhy() {
        var failed = assertThrows(IOException.class, () -> Mock.start("--rules", "tea"));
        assertTrue(failed.getMessage().contains("invalid choice: 'tea'"), failed.getMessage());
    }

    /** The shop itself, as far as it is shown here: what it says, or the status if it says nothing. */
    private static String shop(World world, String text) throws Exception {
        var body = Map.of("model", "qwen-plus", "messages", List.of(Map.of("role", "user", "content", text)));
        var request = HttpRequest.newBuilder(URI.create(world.env().get("OPENAI_BASE_URL") + "/chat/completions"))
                .header("Authorization", "Bearer " + world.key())
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body)))
                .build();
        var answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
        JsonNode said = JSON.readTree(answer.body()).at("/choices/0/message/content");
        return said.isMissingNode() ? String.valueOf(answer.statusCode()) : said.asText();
    }

    private static List<Integer> statuses(World world) throws ApiException {
        return world.requests().stream().map(RequestsEntry::getStatus).toList();
    }
}
