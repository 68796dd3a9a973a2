import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.ObjectMappers;
import com.openai.core.Timeout;
import com.openai.errors.OpenAIServiceException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.chat.completions.*;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Drives openai-java. Streams are put together by its ChatCompletionAccumulator, and its messages go into the history
 * by toParam, as its README shows it.
 */
public final class Driver implements Loop.Conversation {
  private final Loop.Command begin;
  private final OpenAIClient client;
  private final List<ChatCompletionMessageParam> history = new ArrayList<>();
  private int start; // where the running turn begins in the history

  private Driver(Loop.Command begin) {
    this.begin = begin;
    var made = OpenAIOkHttpClient.builder().apiKey(begin.key).baseUrl(begin.openai_url);
    Duration silence = Duration.ofMillis(Math.round(1000 * begin.timeout)); // a timeout of all would end a long stream
    client = made.timeout(Timeout.builder().read(silence).build()).build();
    if (begin.system != null) {
      var system = ChatCompletionSystemMessageParam.builder().content(begin.system).build();
      history.add(ChatCompletionMessageParam.ofSystem(system));
    }
  }

  private static ChatCompletionContentPart part(Map<String, Object> part) {
    if (part.containsKey("text")) {
      var text = ChatCompletionContentPartText.builder().text((String) part.get("text")).build();
      return ChatCompletionContentPart.ofText(text);
    }
    var url = ChatCompletionContentPartImage.ImageUrl.builder().url((String) part.get("image")).build();
    return ChatCompletionContentPart.ofImageUrl(ChatCompletionContentPartImage.builder().imageUrl(url).build());
  }

  private static List<ChatCompletionMessageParam> told(Loop.Command command) {
    List<ChatCompletionMessageParam> told = new ArrayList<>();
    for (Loop.Result result : command.results) {
      var message = ChatCompletionToolMessageParam.builder().toolCallId(result.id).content(result.content);
      told.add(ChatCompletionMessageParam.ofTool(message.build()));
    }
    if (command.type.equals("say")) {
      var message = ChatCompletionUserMessageParam.builder();
      if (command.parts.isEmpty()) {
        message.content(command.text);
      } else {
        message.contentOfArrayOfContentParts(command.parts.stream().map(Driver::part).toList());
      }
      told.add(ChatCompletionMessageParam.ofUser(message.build()));
    }
    return told;
  }

  private static ChatCompletionAssistantMessageParam.Builder assistant(String text) {
    return ChatCompletionAssistantMessageParam.builder().content(text);
  }

  private ChatCompletionCreateParams.Builder request(Loop.Command command, List<ChatCompletionMessageParam> told)
      throws IOException {
    List<ChatCompletionMessageParam> messages = new ArrayList<>(history);
    messages.addAll(told);
    if (!command.partial.isEmpty()) {
      var begun = assistant(command.partial).putAdditionalProperty("partial", JsonValue.from(true)).build();
      messages.add(ChatCompletionMessageParam.ofAssistant(begun));
    }
    var request = ChatCompletionCreateParams.builder().model(begin.model).messages(messages);
    for (Map<String, Object> tool : begin.tools) {
      String json = Loop.JSON.toJson(tool.get("function"));
      var function = ObjectMappers.jsonMapper().readValue(json, FunctionDefinition.class);
      request.addTool(ChatCompletionFunctionTool.builder().function(function).build());
    }
    Map<String, Object> options = new HashMap<>(begin.options);
    options.putAll(command.options);
    options.forEach((name, value) -> request.putAdditionalBodyProperty(name, JsonValue.from(value)));
    if (begin.session != null) {
      request.putAdditionalHeader("x-dashscope-aca-session", begin.session);
    }
    return request;
  }

  @Override
  public Loop.Answer turn(Loop.Command command) throws IOException {
    start = command.type.equals("say") ? history.size() : start;
    var told = told(command);
    Loop.Answer answer = new Loop.Answer();
    ChatCompletionAssistantMessageParam own;
    try {
      var request = request(command, told);
      own = command.stream ? listen(request, command, answer) : whole(request, answer);
    } catch (RuntimeException error) {
      history.subList(start, history.size()).clear();
      throw error;
    }
    if (begin.session == null) {
      history.addAll(told);
      String prefix = command.partial;
      own = prefix.isEmpty() ? own : own.toBuilder().content(prefix + answer.choices.get(0).text).build();
      history.add(ChatCompletionMessageParam.ofAssistant(own));
    }
    return answer;
  }

  private ChatCompletionAssistantMessageParam whole(ChatCompletionCreateParams.Builder request, Loop.Answer answer) {
    return gather(client.chat().completions().create(request.build()), answer);
  }

  private ChatCompletionAssistantMessageParam listen(
      ChatCompletionCreateParams.Builder request, Loop.Command command, Loop.Answer answer) {
    request.streamOptions(ChatCompletionStreamOptions.builder().includeUsage(true).build());
    var sum = ChatCompletionAccumulator.create();
    try (var stream = client.chat().completions().createStreaming(request.build())) {
      for (Iterator<ChatCompletionChunk> pieces = stream.stream().iterator(); pieces.hasNext(); ) {
        ChatCompletionChunk piece = sum.accumulate(pieces.next());
        for (var choice : piece.choices()) {
          String thinking = thinking(choice.delta()._additionalProperties());
          answer.add((int) choice.index(), choice.delta().content().orElse(null), thinking, null);
        }
        if (++answer.pieces == command.cancel_after) {
          answer.cancelled = true;
          return assistant(answer.add(0, null, null, null).text).build();
        }
      }
    }
    Map<Integer, String> thoughts = new HashMap<>(); // the sum keeps what it does not know of the last piece only
    answer.choices.forEach((index, choice) -> thoughts.put(index, choice.thinking));
    answer.choices.clear();
    var own = gather(sum.chatCompletion(), answer);
    answer.choices.forEach((index, choice) -> choice.thinking = thoughts.getOrDefault(index, ""));
    return own;
  }

  private static String thinking(Map<String, JsonValue> extra) {
    JsonValue thinking = extra.get("reasoning_content");
    return thinking == null ? null : (String) thinking.asString().orElse(null);
  }

  private static ChatCompletionAssistantMessageParam gather(ChatCompletion whole, Loop.Answer answer) {
    for (var choice : whole.choices()) {
      ChatCompletionMessage said = choice.message();
      String finish = choice._finishReason().asKnown().map(reason -> reason.asString()).orElse(null);
      String thinking = thinking(said._additionalProperties());
      Loop.Choice noted = answer.add((int) choice.index(), said.content().orElse(null), thinking, finish);
      for (var call : said.toolCalls().orElse(List.of())) {
        var function = call.asFunction().function();
        noted.call(null, call.asFunction().id(), function.name(), function.arguments());
      }
    }
    whole.usage().ifPresent(u -> answer.tokens((int) u.promptTokens(), (int) u.completionTokens(), -1));
    return whole.choices().get(0).message().toParam();
  }

  @Override
  public Loop.Failure failure(Throwable error) {
    String kind = error.getClass().getSimpleName();
    if (error instanceof OpenAIServiceException refused) {
      return new Loop.Failure(kind, refused.code().orElse(null), refused.statusCode(), refused.getMessage());
    }
    return new Loop.Failure(kind, null, null, String.valueOf(error.getMessage()));
  }

  public static void main(String[] arguments) throws IOException {
    Loop.serve("openai-java 4.101.0", List.of("compat"), Loop.FEATURES, Driver::new);
  }
}
