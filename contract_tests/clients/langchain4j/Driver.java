import com.alibaba.dashscope.base.HalfDuplexParamBase.HalfDuplexParamBaseBuilder;
import com.alibaba.dashscope.exception.ApiException;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.community.model.dashscope.QwenChatModel;
import dev.langchain4j.community.model.dashscope.QwenChatRequestParameters;
import dev.langchain4j.community.model.dashscope.QwenStreamingChatModel;
import dev.langchain4j.data.message.*;
import dev.langchain4j.memory.chat.MessageWindowChatMemory;
import dev.langchain4j.model.chat.request.*;
import dev.langchain4j.model.chat.response.*;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Drives LangChain4j's models of DashScope. Its own messages make the history, its window keeps it short. */
public final class Driver implements Loop.Conversation {
  private final Loop.Command begin;
  private final List<ChatMessage> history = new ArrayList<>();
  private final Map<String, Object> others = new HashMap<>();
  private final QwenChatModel model;
  private final QwenStreamingChatModel streaming;
  private int start; // where the running turn begins in the history

  private Driver(Loop.Command begin) {
    this.begin = begin;
    if (begin.system != null) {
      history.add(SystemMessage.from(begin.system));
    }
    var defaults = QwenChatRequestParameters.builder().modelName(begin.model);
    defaults.isMultimodalModel(begin.surface.equals("native-multimodal"));
    var whole = QwenChatModel.builder().baseUrl(begin.native_url).apiKey(begin.key);
    model = whole.defaultRequestParameters(defaults.build()).build();
    model.setGenerationParamCustomizer(this::customize);
    model.setMultimodalConversationParamCustomizer(this::customize);
    var pieces = QwenStreamingChatModel.builder().baseUrl(begin.native_url).apiKey(begin.key);
    streaming = pieces.defaultRequestParameters(defaults.build()).build();
    streaming.setGenerationParamCustomizer(this::customize);
    streaming.setMultimodalConversationParamCustomizer(this::customize);
  }

  /** The parameters of a request; the options that they have no place for go to the others. */
  private QwenChatRequestParameters parameters(Loop.Command command) {
    Map<String, Object> options = new HashMap<>(begin.options);
    options.putAll(command.options);
    var tools = begin.tools.stream().map(tool -> ToolSpecification.fromJson(Loop.JSON.toJson(tool.get("function"))));
    var own = QwenChatRequestParameters.builder().toolSpecifications(tools.toList());
    others.clear();
    options.forEach(
        (name, value) -> {
          switch (name) {
            case "temperature" -> own.temperature(((Number) value).doubleValue());
            case "top_p" -> own.topP(((Number) value).doubleValue());
            case "top_k" -> own.topK(((Number) value).intValue());
            case "presence_penalty" -> own.presencePenalty(((Number) value).doubleValue());
            case "max_tokens" -> own.maxOutputTokens(((Number) value).intValue());
            case "seed" -> own.seed(((Number) value).intValue());
            case "stop" -> own.stopSequences(texts(value));
            case "response_format" -> own.responseFormat(ResponseFormat.JSON);
            case "tool_choice" -> {
              if (value instanceof String word) {
                own.toolChoice(ToolChoice.valueOf(word.toUpperCase()));
              } else {
                others.put(name, value); // one function
              }
            }
            case "parallel_tool_calls" -> own.parallelToolCalls((Boolean) value);
            case "enable_search" -> own.enableSearch((Boolean) value);
            case "enable_thinking" -> own.enableThinking((Boolean) value);
            case "thinking_budget" -> own.thinkingBudget(((Number) value).intValue());
            case "incremental_output" -> own.supportIncrementalOutput((Boolean) value);
            default -> others.put(name, value);
          }
        });
    return own.build();
  }

  private static List<String> texts(Object value) {
    return value instanceof List<?> list ? list.stream().map(String.class::cast).toList() : List.of((String) value);
  }

  /** The SDK's request, as the library hands it out before it is sent. */
  private void customize(HalfDuplexParamBaseBuilder<?, ?> request) {
    others.forEach(request::parameter);
    if (begin.session != null) {
      request.header("x-dashscope-aca-session", begin.session);
    }
  }

  private static Content content(Map<String, Object> part) {
    String text = (String) part.get("text");
    return text == null ? ImageContent.from((String) part.get("image")) : TextContent.from(text);
  }

  private ChatMessage result(Loop.Result result) {
    var own = history.stream().filter(AiMessage.class::isInstance).map(AiMessage.class::cast);
    var calls = own.flatMap(said -> said.toolExecutionRequests().stream());
    var names = calls.filter(call -> result.id.equals(call.id())).map(ToolExecutionRequest::name);
    return ToolExecutionResultMessage.from(result.id, names.reduce(null, (before, last) -> last), result.content);
  }

  @Override
  public Loop.Answer turn(Loop.Command command) {
    start = command.type.equals("say") ? history.size() : start;
    List<ChatMessage> told = new ArrayList<>(command.results.stream().map(this::result).toList());
    if (command.type.equals("say")) {
      List<Content> parts = command.parts.stream().map(Driver::content).toList();
      told.add(parts.isEmpty() ? UserMessage.from(command.text) : UserMessage.from(parts));
    }
    List<ChatMessage> messages = new ArrayList<>(history);
    messages.addAll(told);
    if (begin.keep != null) { // the limit is for the messages beside the system message, which counts as one
      var window = MessageWindowChatMemory.withMaxMessages(begin.keep + (begin.system == null ? 0 : 1));
      messages.forEach(window::add);
      messages = window.messages();
    }
    if (!command.partial.isEmpty()) {
      messages.add(AiMessage.builder().text(command.partial).attributes(Map.of("partial", true)).build());
    }
    Loop.Answer answer = new Loop.Answer();
    AiMessage own;
    try {
      var request = ChatRequest.builder().messages(messages).parameters(parameters(command)).build();
      own = command.stream ? listen(request, command, answer) : gather(model.chat(request), answer);
    } catch (RuntimeException error) {
      history.subList(start, history.size()).clear();
      throw error;
    }
    if (begin.session == null) {
      history.addAll(told);
      String prefix = command.partial;
      history.add(prefix.isEmpty() ? own : own.toBuilder().text(prefix + Loop.orEmpty(own.text())).build());
    }
    return answer;
  }

  private AiMessage listen(ChatRequest request, Loop.Command command, Loop.Answer answer) {
    CompletableFuture<AiMessage> own = new CompletableFuture<>();
    streaming.chat(
        request,
        new StreamingChatResponseHandler() {
          private void heard(String text, String thinking, StreamingHandle stream) {
            Loop.Choice choice = answer.add(0, text, thinking, null);
            if (++answer.pieces == command.cancel_after) {
              stream.cancel();
              answer.cancelled = true;
              own.complete(AiMessage.from(choice.text));
            }
          }

          @Override
          public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
            heard(piece.text(), null, context.streamingHandle());
          }

          @Override
          public void onPartialThinking(PartialThinking piece, PartialThinkingContext context) {
            heard(null, piece.text(), context.streamingHandle());
          }

          @Override
          public void onCompleteResponse(ChatResponse response) {
            own.complete(gather(response, answer));
          }

          @Override
          public void onError(Throwable error) {
            own.completeExceptionally(error);
          }
        });
    return own.join();
  }

  private static AiMessage gather(ChatResponse response, Loop.Answer answer) {
    AiMessage said = response.aiMessage();
    String finish = response.finishReason() == null ? null : response.finishReason().name().toLowerCase();
    answer.choices.clear(); // of a stream: the pieces, which the whole repeats
    var choice = answer.add(0, said.text(), said.thinking(), "tool_execution".equals(finish) ? "tool_calls" : finish);
    for (ToolExecutionRequest call : said.toolExecutionRequests()) {
      choice.call(null, call.id(), call.name(), call.arguments());
    }
    if (response.tokenUsage() != null) {
      answer.tokens(response.tokenUsage().inputTokenCount(), response.tokenUsage().outputTokenCount(), -1);
    }
    return said;
  }

  @Override
  public Loop.Failure failure(Throwable error) {
    Throwable told = error instanceof CompletionException ? error.getCause() : error;
    String kind = told.getClass().getSimpleName();
    if (told instanceof ApiException refused) {
      var status = refused.getStatus();
      return new Loop.Failure(kind, status.getCode(), status.getStatusCode(), status.getMessage());
    }
    return new Loop.Failure(kind, null, null, told.getMessage());
  }

  public static void main(String[] arguments) throws Exception {
    List<String> features = new ArrayList<>(Loop.FEATURES);
    features.removeAll(List.of("choices", "timeout")); // `n` is for images, and there is no timeout to be given
    features.add("keep");
    String client = "langchain4j-community-dashscope 1.13.0-beta23, dashscope-sdk-java 2.22.13";
    Loop.serve(client, List.of("native-text", "native-multimodal"), features, Driver::new);
  }
}
