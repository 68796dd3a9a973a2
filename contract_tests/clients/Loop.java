import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.ToNumberPolicy;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * What every driver in Java shares: commands of the contract kit come in by lines, answers go out. It is loop.py
 * over again; the protocol is described by schemas/driver.schema.json.
 */
public final class Loop {
  public static final Gson JSON =
      new GsonBuilder()
          .serializeNulls()
          .disableHtmlEscaping()
          .setObjectToNumberStrategy(ToNumberPolicy.LONG_OR_DOUBLE)
          .create();
  public static final List<String> FEATURES =
      List.of(
          ("stream system tools thinking partial choices parts options usage cancel session parallel"
                  + " timeout")
              .split(" "));

  /** What the kit says; which fields are there depends on the type. */
  public static final class Command {
    public String type;
    public String conversation;
    public String surface;
    public String openai_url;
    public String native_url;
    public String key;
    public String model;
    public String system;
    public String session;
    public List<Map<String, Object>> tools = List.of();
    public Map<String, Object> options = Map.of();
    public Integer keep;
    public double timeout = 30;
    public String text = "";
    public List<Map<String, Object>> parts = List.of();
    public boolean stream;
    public String partial = "";
    public int cancel_after;
    public List<Result> results = List.of();
  }

  /** What a function gave. */
  public static final class Result {
    public String id;
    public String content;
  }

  /** A call of a function, as the client told it. */
  public static final class Call {
    public String id = "";
    public String name = "";
    public String arguments = "";
  }

  /** One choice, as the client told it. */
  public static final class Choice {
    public String text = "";
    public String thinking = "";
    public final List<Call> tool_calls = new ArrayList<>();
    public String finish_reason;

    /** Adds to a call of a function: the first id and name count, arguments are joined. */
    public void call(Integer index, String id, String name, String arguments) {
      int at = index == null ? tool_calls.size() : index;
      while (tool_calls.size() <= at) {
        tool_calls.add(new Call());
      }
      Call call = tool_calls.get(at);
      call.id = call.id.isEmpty() ? orEmpty(id) : call.id;
      call.name = call.name.isEmpty() ? orEmpty(name) : call.name;
      call.arguments += orEmpty(arguments);
    }
  }

  /** An error, as the client told it. */
  public record Failure(String kind, String code, Integer status, String message) {}

  /** One answer, put together from a whole response or from the pieces of a stream. */
  public static final class Answer {
    public final TreeMap<Integer, Choice> choices = new TreeMap<>();
    public Map<String, Integer> usage;
    public Failure error;
    public boolean cancelled;
    public int pieces;
    private final Map<Integer, Integer> outputs = new HashMap<>();

    /** Adds to the texts of a choice; the native running mark, the text "null", is no reason to end. */
    public Choice add(Integer index, String text, String thinking, String finish) {
      Choice choice = choices.computeIfAbsent(index == null ? 0 : index, unused -> new Choice());
      choice.text += orEmpty(text);
      choice.thinking += orEmpty(thinking);
      choice.finish_reason = finish == null || finish.equals("null") ? choice.finish_reason : finish;
      return choice;
    }

    /** Notes the usage; that of one choice alone, as in native streams, is added to those of the others. */
    public void tokens(Integer input, Integer output, int choice) {
      if (input != null && output != null) {
        if (choice >= 0) {
          outputs.put(choice, output);
        }
        int all = choice < 0 ? output : outputs.values().stream().mapToInt(Integer::intValue).sum();
        usage = Map.of("input", input, "output", all);
      }
    }

    private Map<String, Object> report() {
      Map<String, Object> report = new HashMap<>(Map.of("type", "report", "cancelled", cancelled));
      report.put("choices", choices.values());
      report.put("usage", usage);
      report.put("error", error);
      return report;
    }
  }

  /** One conversation; `turn` sends what is said, or the results. A turn that failed leaves nothing behind. */
  public interface Conversation {
    Answer turn(Command command) throws Exception;

    Failure failure(Throwable error);
  }

  public static String orEmpty(String text) {
    return text == null ? "" : text;
  }

  private static Map<String, Integer> spent(Map<String, Integer> before, Map<String, Integer> now) {
    Map<String, Integer> sum = new HashMap<>(before);
    now.forEach((name, tokens) -> sum.merge(name, tokens, Integer::sum));
    return sum;
  }

  /** Answers the commands on stdin until it ends. What a client prints goes to stderr. */
  public static void serve(
      String client, List<String> surfaces, List<String> features, Function<Command, Conversation> begin)
      throws IOException {
    PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err);
    Map<String, Conversation> held = new HashMap<>();
    Map<String, Map<String, Integer>> spent = new HashMap<>();
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      Command command = JSON.fromJson(line, Command.class);
      Map<String, Object> answer = new HashMap<>();
      switch (command.type) {
        case "hello" -> {
          answer.putAll(Map.of("type", "hello", "version", 1, "client", client));
          answer.putAll(Map.of("surfaces", surfaces, "features", features));
        }
        case "begin" -> {
          held.put(command.conversation, begin.apply(command));
          answer.put("type", "ok");
        }
        case "end" -> {
          held.remove(command.conversation);
          answer.put("type", "report");
          answer.put("usage", spent.remove(command.conversation));
        }
        default -> {
          Conversation conversation = held.get(command.conversation);
          Answer said;
          try {
            said = conversation.turn(command);
          } catch (Exception error) {
            said = new Answer();
            said.error = conversation.failure(error);
          }
          if (said.usage != null) {
            spent.merge(command.conversation, said.usage, Loop::spent);
          }
          answer = said.report();
        }
      }
      answers.println(JSON.toJson(answer));
    }
    System.exit(0); // connection pools keep threads that would keep the process
  }

  private Loop() {}
}
