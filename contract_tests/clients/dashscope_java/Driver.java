import com.alibaba.dashscope.aigc.generation.Generation;
import com.alibaba.dashscope.aigc.generation.GenerationOutput;
import com.alibaba.dashscope.aigc.generation.GenerationParam;
import com.alibaba.dashscope.aigc.generation.GenerationResult;
import com.alibaba.dashscope.common.Message;
import com.alibaba.dashscope.exception.ApiException;
import com.alibaba.dashscope.protocol.ConnectionOptions;
import com.alibaba.dashscope.tools.FunctionDefinition;
import com.alibaba.dashscope.tools.ToolBase;
import com.alibaba.dashscope.tools.ToolCallBase;
import com.alibaba.dashscope.tools.ToolCallFunction;
import com.alibaba.dashscope.tools.ToolFunction;
import com.google.gson.JsonObject;
import io.reactivex.functions.Predicate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Drives the vendor's SDK for Java. Its own message of a whole answer goes into the history. */
public final class Driver implements Loop.Conversation {
  private final Loop.Command begin;
  private final List<Message> history = new ArrayList<>();
  /** Where the running turn begins in the history, and whether the last request was answered. */
  private int start;
  private boolean answered = true;
  private final List<ToolBase> tools = new ArrayList<>();
  private final Generation generation;

  private Driver(Loop.Command begin) {
    this.begin = begin;
    var timeout = ConnectionOptions.builder().readTimeout(Duration.ofMillis((long) (1000 * begin.timeout)));
    generation = new Generation("http", begin.native_url, timeout.build());
    if (begin.system != null) {
      history.add(Message.builder().role("system").content(begin.system).build());
    }
    for (Map<String, Object> tool : begin.tools) {
      JsonObject function = Loop.JSON.toJsonTree(tool).getAsJsonObject().getAsJsonObject("function");
      var definition = FunctionDefinition.builder().name(function.get("name").getAsString());
      definition.description(function.get("description").getAsString());
      definition.parameters(function.getAsJsonObject("parameters"));
      tools.add(ToolFunction.builder().function(definition.build()).build());
    }
  }

  private GenerationParam request(Loop.Command command, List<Message> messages) {
    var request = GenerationParam.builder().apiKey(begin.key).model(begin.model).messages(messages);
    request.resultFormat(GenerationParam.ResultFormat.MESSAGE);
    if (command.stream) {
      request.incrementalOutput(true);
    }
    if (!tools.isEmpty()) {
      request.tools(tools);
    }
    if (begin.session != null) {
      request.headers(Map.of("x-dashscope-aca-session", begin.session));
    }
    Map<String, Object> options = new HashMap<>(begin.options);
    options.putAll(command.options);
    if (options.remove("incremental_output") instanceof Boolean incremental && command.stream) {
      request.incrementalOutput(incremental);
    }
    if (options.remove("result_format") instanceof String format) {
      request.resultFormat(format);
    }
    options.forEach(request::parameter);
    return request.build();
  }

  @Override
  public Loop.Answer turn(Loop.Command command) throws Exception {
    List<Message> told = new ArrayList<>();
    for (Loop.Result result : command.results) {
      told.add(Message.builder().role("tool").toolCallId(result.id).content(result.content).build());
    }
    if (command.type.equals("say")) {
      if (!answered) { // a turn that failed leaves nothing behind, also where its calls were answered
        history.subList(start, history.size()).clear();
      }
      start = history.size();
      told.add(Message.builder().role("user").content(command.text).build());
    }
    List<Message> messages = new ArrayList<>(history);
    messages.addAll(told);
    if (!command.partial.isEmpty()) {
      messages.add(Message.builder().role("assistant").content(command.partial).partial(true).build());
    }
    answered = false;
    Loop.Answer answer = new Loop.Answer();
    GenerationParam request = request(command, messages);
    Message own = null;
    if (command.stream) {
      boolean repeats = Boolean.FALSE.equals(request.getIncrementalOutput());
      Predicate<GenerationResult> stopped = piece -> answer.cancelled = ++answer.pieces == command.cancel_after;
      generation
          .streamCall(request)
          // Read where it comes from: calls that the SDK merges are one list, which it goes on changing.
          .doOnNext(piece -> gather(answer, piece, repeats))
          .takeUntil(stopped)
          .blockingSubscribe();
    } else {
      GenerationResult whole = generation.call(request);
      gather(answer, whole, false);
      own = whole.getOutput().getChoices() == null ? null : whole.getOutput().getChoices().get(0).getMessage();
    }
    boolean inCalls = answer.cancelled && answer.choices.values().stream().anyMatch(one -> !one.tool_calls.isEmpty());
    if (inCalls) {
      history.subList(start, history.size()).clear(); // half of a call cannot be answered
    } else if (begin.session == null) {
      history.addAll(told);
      history.add(own != null && command.partial.isEmpty() ? own : message(command.partial, answer));
    }
    answered = true;
    return answer;
  }

  private static Message message(String prefix, Loop.Answer answer) {
    Loop.Choice said = answer.choices.isEmpty() ? new Loop.Choice() : answer.choices.get(0);
    Message message = Message.builder().role("assistant").content(prefix + said.text).build();
    List<ToolCallBase> calls = new ArrayList<>();
    for (Loop.Call call : said.tool_calls) {
      ToolCallFunction made = new ToolCallFunction();
      ToolCallFunction.CallFunction function = made.new CallFunction();
      function.setName(call.name);
      function.setArguments(call.arguments);
      made.setId(call.id);
      made.setFunction(function);
      calls.add(made);
    }
    if (!calls.isEmpty()) {
      message.setToolCalls(calls);
    }
    return message;
  }

  private static void gather(Loop.Answer answer, GenerationResult result, boolean repeats) {
    GenerationOutput output = result.getOutput();
    List<GenerationOutput.Choice> choices = output.getChoices();
    boolean alone = choices != null && choices.size() == 1;
    if (result.getUsage() != null) {
      int index = alone && choices.get(0).getIndex() != null ? choices.get(0).getIndex() : 0;
      answer.tokens(result.getUsage().getInputTokens(), result.getUsage().getOutputTokens(), alone ? index : -1);
    }
    if (choices == null) {
      if (repeats) {
        answer.choices.clear();
      }
      answer.add(0, output.getText(), null, output.getFinishReason());
      return;
    }
    for (GenerationOutput.Choice piece : choices) {
      int index = piece.getIndex() == null ? 0 : piece.getIndex();
      if (repeats) {
        answer.choices.remove(index);
      }
      Message said = piece.getMessage();
      Loop.Choice choice = answer.add(index, said.getContent(), said.getReasoningContent(), piece.getFinishReason());
      for (ToolCallBase call : said.getToolCalls() == null ? List.<ToolCallBase>of() : said.getToolCalls()) {
        ToolCallFunction.CallFunction function = ((ToolCallFunction) call).getFunction();
        String name = function == null ? null : function.getName();
        String arguments = function == null ? null : function.getArguments();
        choice.call(((ToolCallFunction) call).getIndex(), call.getId(), name, arguments);
      }
    }
  }

  @Override
  public Loop.Failure failure(Throwable error) {
    Throwable told = error instanceof RuntimeException && error.getCause() instanceof ApiException ? error.getCause() : error;
    if (told instanceof ApiException refused) {
      var status = refused.getStatus();
      return new Loop.Failure("ApiException", status.getCode(), status.getStatusCode(), status.getMessage());
    }
    return new Loop.Failure(told.getClass().getSimpleName(), null, null, told.toString());
  }

  public static void main(String[] arguments) throws Exception {
    List<String> features = new ArrayList<>(Loop.FEATURES);
    features.remove("parts");
    Loop.serve("dashscope-sdk-java 2.22.13", List.of("native-text"), features, Driver::new);
  }
}
