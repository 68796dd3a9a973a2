import com.alibaba.dashscope.aigc.generation.Generation;
import com.alibaba.dashscope.aigc.generation.GenerationOutput;
import com.alibaba.dashscope.aigc.generation.GenerationParam;
import com.alibaba.dashscope.aigc.generation.GenerationResult;
import com.alibaba.dashscope.common.Message;
import com.alibaba.dashscope.exception.ApiException;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The vendor's SDK for Java. Jobs and reports are those of contract_tests/clients/jobs.py. */
public final class Conversations {
  private static final Gson JSON = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

  /** A conversation to hold; the names are those of the job's JSON. */
  private static final class Job {
    private String native_url;
    private String key;
    private String model;
    private List<String> say;
    private String system;
    private boolean stream;
    private int n;
    private Map<String, Object> parameters;
    private Map<String, String> headers = Map.of();
    private String begin;
  }

  /** One choice of an answer, as the SDK told it. */
  private static final class Choice {
    private String content = "";
    private String reasoning = "";
    private String finish_reason;

    private void add(GenerationOutput.Choice piece) {
      String text = orEmpty(piece.getMessage().getContent());
      String thoughts = orEmpty(piece.getMessage().getReasoningContent());
      if (finish_reason != null && !(text + thoughts).isEmpty()) {
        throw new IllegalStateException("text " + text + thoughts + " after " + finish_reason);
      }
      content += text;
      reasoning += thoughts;
      if (piece.getFinishReason() != null && !piece.getFinishReason().equals("null")) {
        finish_reason = piece.getFinishReason();
      }
    }

    private static String orEmpty(String text) {
      return text == null ? "" : text;
    }
  }

  /** Puts one turn together from a whole response or from pieces; as strict as its twin in Python. */
  private static final class Gathering {
    private final TreeMap<Integer, Choice> choices = new TreeMap<>();
    private final List<String> ids = new ArrayList<>();
    private Object usage;
    private int pieces;

    private void add(GenerationResult result) {
      pieces++;
      if (!ids.contains(result.getRequestId())) {
        ids.add(result.getRequestId());
      }
      if (result.getUsage() != null) {
        usage = JSON.toJsonTree(result.getUsage());
      }
      for (GenerationOutput.Choice piece : result.getOutput().getChoices()) {
        int index = piece.getIndex() == null ? 0 : piece.getIndex();
        choices.computeIfAbsent(index, unused -> new Choice()).add(piece);
      }
    }

    private Map<String, Object> turn() {
      if (ids.size() != 1) {
        throw new IllegalStateException("the pieces carry the ids " + ids + ", not one");
      }
      Map<String, Object> turn = new LinkedHashMap<>();
      turn.put("choices", choices.values());
      turn.put("usage", usage);
      turn.put("id", ids.get(0));
      turn.put("pieces", pieces);
      return turn;
    }
  }

  private static Gathering ask(Job job, List<Message> history) throws Exception {
    var request =
        GenerationParam.builder()
            .apiKey(job.key)
            .model(job.model)
            .headers(job.headers)
            .messages(history)
            .resultFormat(GenerationParam.ResultFormat.MESSAGE);
    job.parameters.forEach(request::parameter);
    if (job.n > 1) {
      request.n(job.n);
    }
    Generation generation = new Generation("http", job.native_url);
    Gathering answer = new Gathering();
    if (job.stream) {
      generation.streamCall(request.incrementalOutput(true).build()).blockingForEach(answer::add);
    } else {
      answer.add(generation.call(request.build()));
    }
    return answer;
  }

  private static Map<String, Object> failure(Exception error) {
    Map<String, Object> failure = new LinkedHashMap<>();
    failure.put("kind", error.getClass().getSimpleName());
    boolean told = error instanceof ApiException;
    failure.put("status", told ? ((ApiException) error).getStatus().getStatusCode() : null);
    failure.put("code", told ? ((ApiException) error).getStatus().getCode() : null);
    failure.put("message", told ? ((ApiException) error).getStatus().getMessage() : error.toString());
    return Map.of("error", failure);
  }

  private static Message message(String role, String content) {
    return Message.builder().role(role).content(content).build();
  }

  private static Map<String, Object> converse(Job job) {
    List<Message> history = new ArrayList<>();
    if (job.system != null) {
      history.add(message("system", job.system));
    }
    String begin = job.begin == null ? "" : job.begin;
    List<Map<String, Object>> turns = new ArrayList<>();
    for (String text : job.say) {
      history.add(message("user", text));
      List<Message> sent = new ArrayList<>(history);
      if (!begin.isEmpty()) {
        sent.add(Message.builder().role("assistant").content(begin).partial(true).build());
      }
      try {
        Gathering answer = ask(job, sent);
        turns.add(answer.turn());
        history.add(message("assistant", begin + answer.choices.get(0).content));
      } catch (Exception error) {
        turns.add(failure(error));
        break;
      }
    }
    return Map.of("turns", turns);
  }

  public static void main(String[] arguments) throws IOException {
    PrintStream reports = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err);
    BufferedReader jobs = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = jobs.readLine(); line != null; line = jobs.readLine()) {
      reports.println(JSON.toJson(converse(JSON.fromJson(line, Job.class))));
    }
    System.exit(0); // the SDK's connection pool keeps threads that would keep the process
  }
}
