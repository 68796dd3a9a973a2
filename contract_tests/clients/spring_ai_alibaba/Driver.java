import com.alibaba.cloud.ai.dashscope.api.DashScopeApi;
import com.alibaba.cloud.ai.dashscope.chat.DashScopeChatModel;
import com.alibaba.cloud.ai.dashscope.chat.DashScopeChatOptions;
import com.alibaba.cloud.ai.dashscope.chat.MessageFormat;
import com.alibaba.cloud.ai.dashscope.common.DashScopeApiConstants;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.MessageAggregator;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.Media;
import org.springframework.ai.retry.RetryUtils;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.definition.ToolDefinition;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.util.MimeType;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.RestClientResponseException;
import org.springframework.web.reactive.function.client.WebClientResponseException;

/**
 * Drives the model DashScopeChatModel of Spring AI Alibaba, with functions that are run outside of it
 * (internalToolExecutionEnabled). Streams are put together by Spring AI's MessageAggregator, whose message goes into
 * the history.
 */
public final class Driver implements Loop.Conversation {
  private static final ObjectMapper JSON =
      new ObjectMapper().configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);
  private final Loop.Command begin;
  private final Duration silence;
  private final DashScopeChatModel model;
  private final List<Message> history = new ArrayList<>();
  private int start; // where the running turn begins in the history

  private Driver(Loop.Command begin) {
    this.begin = begin;
    silence = Duration.ofMillis(Math.round(1000 * begin.timeout));
    var requests = new JdkClientHttpRequestFactory();
    requests.setReadTimeout(silence);
    var api =
        DashScopeApi.builder()
            .apiKey(begin.key)
            .baseUrl(begin.native_url.replaceFirst("/api/v1$", ""))
            .restClientBuilder(RestClient.builder().requestFactory(requests));
    model =
        DashScopeChatModel.builder()
            .dashScopeApi(api.build())
            .retryTemplate(RetryUtils.SHORT_RETRY_TEMPLATE) // as often as by default, but without the long pauses
            .build();
    if (begin.system != null) {
      history.add(new SystemMessage(begin.system));
    }
  }

  /** A function that is offered; who called the model runs it. */
  private record Offered(ToolDefinition definition) implements ToolCallback {
    @Override
    public ToolDefinition getToolDefinition() {
      return definition;
    }

    @Override
    public String call(String input) {
      throw new UnsupportedOperationException("functions are run outside of the model");
    }
  }

  private static Media image(String address) {
    String named = address.replaceFirst("(?s)^data:([^;,]+).*|.*\\.(png|webp)$", "$1$2");
    String kind = named.equals(address) ? "image/jpeg" : named.contains("/") ? named : "image/" + named;
    return Media.builder().mimeType(MimeType.valueOf(kind)).data(URI.create(address)).build();
  }

  private UserMessage user(Loop.Command command) {
    if (command.parts.isEmpty()) {
      return new UserMessage(command.text);
    }
    // A message has one text, and pictures beside it.
    List<String> texts = new ArrayList<>();
    List<Media> images = new ArrayList<>();
    for (Map<String, Object> part : command.parts) {
      if (part.containsKey("text")) {
        texts.add((String) part.get("text"));
      } else {
        images.add(image((String) part.get("image")));
      }
    }
    Map<String, Object> format = Map.of(DashScopeApiConstants.MESSAGE_FORMAT, MessageFormat.IMAGE);
    return UserMessage.builder().text(String.join("", texts)).media(images).metadata(format).build();
  }

  private List<Message> told(Loop.Command command) {
    if (command.type.equals("say")) {
      return List.of(user(command));
    }
    Map<String, String> names = new HashMap<>();
    for (Message message : history) {
      if (message instanceof AssistantMessage said) {
        said.getToolCalls().forEach(call -> names.put(call.id(), call.name()));
      }
    }
    var results =
        command.results.stream()
            .map(one -> new ToolResponseMessage.ToolResponse(one.id, names.getOrDefault(one.id, "unknown"), one.content));
    return List.of(ToolResponseMessage.builder().responses(results.toList()).build());
  }

  /** The options, by their names on the wire, which are those of its JSON; what it does not know goes beside them. */
  private DashScopeChatOptions options(Loop.Command command) {
    Map<String, Object> given = new HashMap<>(begin.options);
    given.putAll(command.options);
    given.computeIfPresent("stop", (name, value) -> value instanceof List ? value : List.of(value));
    DashScopeChatOptions options = JSON.convertValue(given, DashScopeChatOptions.class);
    given.keySet().removeAll(JSON.convertValue(new DashScopeChatOptions(), Map.class).keySet());
    options.setExtraBody(given.isEmpty() ? null : given);
    options.setModel(begin.model);
    options.setMultiModel(begin.surface.equals("native-multimodal"));
    options.setInternalToolExecutionEnabled(false);
    if (begin.session != null) {
      options.setHttpHeaders(Map.of("x-dashscope-aca-session", begin.session));
    }
    List<ToolCallback> tools = new ArrayList<>();
    for (Map<String, Object> tool : begin.tools) {
      var function = (Map<?, ?>) tool.get("function");
      tools.add(
          new Offered(
              ToolDefinition.builder()
                  .name((String) function.get("name"))
                  .description(Objects.toString(function.get("description"), ""))
                  .inputSchema(Loop.JSON.toJson(function.get("parameters")))
                  .build()));
    }
    options.setToolCallbacks(tools);
    return options;
  }

  @Override
  public Loop.Answer turn(Loop.Command command) {
    start = command.type.equals("say") ? history.size() : start;
    List<Message> told = told(command);
    List<Message> messages = new ArrayList<>(history);
    messages.addAll(told);
    String prefix = command.partial;
    if (!prefix.isEmpty()) {
      messages.add(AssistantMessage.builder().content(prefix).properties(Map.of("partial", true)).build());
    }
    Loop.Answer answer = new Loop.Answer();
    AssistantMessage own;
    try {
      Prompt prompt = new Prompt(messages, options(command));
      own = command.stream ? listen(prompt, command, answer) : gather(model.call(prompt), answer);
    } catch (RuntimeException error) {
      history.subList(start, history.size()).clear();
      throw error;
    }
    if (begin.session == null) {
      history.addAll(told);
      history.add(prefix.isEmpty() ? own : behind(prefix, own));
    }
    return answer;
  }

  /** What was said, calls and all, with the prefix that it went on from. */
  private static AssistantMessage behind(String prefix, AssistantMessage said) {
    String text = prefix + Loop.orEmpty(said.getText());
    return AssistantMessage.builder().content(text).toolCalls(said.getToolCalls()).build();
  }

  private AssistantMessage listen(Prompt prompt, Loop.Command command, Loop.Answer answer) {
    var whole = new AtomicReference<ChatResponse>();
    var flux = new MessageAggregator().aggregate(model.stream(prompt).timeout(silence), whole::set);
    StringBuilder thinking = new StringBuilder(); // the sum has that of the last piece only
    StringBuilder text = new StringBuilder();
    try (Stream<ChatResponse> pieces = flux.toStream(1)) {
      for (Iterator<ChatResponse> each = pieces.iterator(); each.hasNext(); ) {
        ChatResponse piece = each.next();
        if (piece.getResult() == null) {
          continue;
        }
        thinking.append(thinking(piece));
        text.append(Loop.orEmpty(piece.getResult().getOutput().getText()));
        if (++answer.pieces == command.cancel_after) {
          answer.cancelled = true;
          answer.add(0, text.toString(), thinking.toString(), null);
          return new AssistantMessage(text.toString());
        }
      }
    }
    AssistantMessage own = gather(whole.get(), answer);
    answer.choices.get(0).thinking = thinking.toString();
    return own;
  }

  private static String thinking(ChatResponse response) {
    return Objects.toString(response.getResult().getOutput().getMetadata().get("reasoningContent"), "");
  }

  private static AssistantMessage gather(ChatResponse response, Loop.Answer answer) {
    var usage = response.getMetadata().getUsage();
    if (usage != null && usage.getPromptTokens() != null && usage.getPromptTokens() > 0) { // none is told as zeros
      answer.tokens(usage.getPromptTokens(), usage.getCompletionTokens(), -1);
    }
    if (response.getResult() == null) { // it read no choice
      answer.add(0, null, null, null);
      return new AssistantMessage("");
    }
    AssistantMessage own = response.getResult().getOutput();
    String finish = response.getResult().getMetadata().getFinishReason();
    String word = finish == null || finish.isEmpty() ? null : finish.toLowerCase(Locale.ROOT); // it tells names of an enum
    Loop.Choice noted = answer.add(0, own.getText(), thinking(response), word);
    own.getToolCalls().forEach(call -> noted.call(null, call.id(), call.name(), call.arguments()));
    return own;
  }

  @Override
  public Loop.Failure failure(Throwable error) {
    String kind = error.getClass().getSimpleName();
    if (error instanceof RestClientResponseException refused) {
      return new Loop.Failure(kind, null, refused.getStatusCode().value(), refused.getMessage());
    }
    if (error instanceof WebClientResponseException refused) {
      return new Loop.Failure(kind, null, refused.getStatusCode().value(), refused.getMessage());
    }
    return new Loop.Failure(kind, null, null, String.valueOf(error.getMessage()));
  }

  public static void main(String[] arguments) throws IOException {
    List<String> features = new ArrayList<>(Loop.FEATURES);
    features.remove("choices"); // there is no option for several
    Loop.serve("spring-ai-alibaba-dashscope 1.1.2.2", List.of("native-text", "native-multimodal"), features, Driver::new);
  }
}
