package dashscope.mock;

import dashscope.mock.control.ApiException;
import dashscope.mock.control.ControlApi;
import dashscope.mock.control.model.ControlFault;
import dashscope.mock.control.model.Created;
import dashscope.mock.control.model.FaultFault;
import dashscope.mock.control.model.Reply;
import dashscope.mock.control.model.ReplyMatch;
import dashscope.mock.control.model.ReplyReply;
import dashscope.mock.control.model.RequestsEntry;
import java.util.List;
import java.util.Map;

/** What one API key is asked and answered: no other sees it, so tests may run at the same time. */
public final class World {
    private final Mock mock;
    private final String key;

    World(Mock mock, String key) {
        this.mock = mock;
        this.key = key;
    }

    /** The API key that leads here. */
    public String key() {
        return key;
    }

    /** What an SDK reads from its environment. */
    public Map<String, String> env() {
        return Map.of(
                "OPENAI_BASE_URL", mock.openaiUrl(),
                "OPENAI_API_KEY", key,
                "DASHSCOPE_HTTP_BASE_URL", mock.nativeUrl(),
                "DASHSCOPE_API_KEY", key);
    }

    /** Says this text when that is asked. */
    public Created when(ReplyMatch match, String content) throws ApiException {
        return when(match, new ReplyReply().content(content));
    }

    /** Says these replies in turn when that is asked, the last one again and again. */
    public Created when(ReplyMatch match, ReplyReply... replies) throws ApiException {
        return control().addReply(new Reply().match(here(match)).reply(List.of(replies)));
    }

    /** Says this text to whatever is asked. */
    public Created reply(String content) throws ApiException {
        return when(new ReplyMatch(), content);
    }

    /** Says these replies in turn to whatever is asked. */
    public Created reply(ReplyReply... replies) throws ApiException {
        return when(new ReplyMatch(), replies);
    }

    /** Strikes so many requests with a fault, such as {@code Throttling.RateQuota}. */
    public Created fault(String fault, int times) throws ApiException {
        var faults = List.of(new FaultFault(fault));
        return control().addFault(new ControlFault().match(here(new ReplyMatch())).fault(faults).times(times));
    }

    /** What was asked and answered, the newest last. */
    public List<RequestsEntry> requests() throws ApiException {
        return control().requests(key, null, null, null, null, null, null, null, null, null, null, null, null)
                .getRequests();
    }

    /** Forgets what was scripted and asked here. */
    public void reset() throws ApiException {
        control().reset(key);
    }

    /** The same conditions, for this world; what was given stays as it is, as other worlds may use it too. */
    private ReplyMatch here(ReplyMatch match) {
        return mock.copyOf(match, ReplyMatch.class).key(key);
    }

    private ControlApi control() {
        return mock.control();
    }
}
