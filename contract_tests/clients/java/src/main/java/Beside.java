import com.alibaba.dashscope.aigc.imagesynthesis.ImageSynthesis;
import com.alibaba.dashscope.aigc.imagesynthesis.ImageSynthesisParam;
import com.alibaba.dashscope.aigc.imagesynthesis.ImageSynthesisResult;
import com.alibaba.dashscope.app.Application;
import com.alibaba.dashscope.app.ApplicationParam;
import com.alibaba.dashscope.app.ApplicationResult;
import com.alibaba.dashscope.embeddings.MultiModalEmbedding;
import com.alibaba.dashscope.embeddings.MultiModalEmbeddingItemImage;
import com.alibaba.dashscope.embeddings.MultiModalEmbeddingItemText;
import com.alibaba.dashscope.embeddings.MultiModalEmbeddingParam;
import com.alibaba.dashscope.embeddings.MultiModalEmbeddingResultItem;
import com.alibaba.dashscope.embeddings.TextEmbedding;
import com.alibaba.dashscope.embeddings.TextEmbeddingParam;
import com.alibaba.dashscope.exception.ApiException;
import com.alibaba.dashscope.rerank.TextReRank;
import com.alibaba.dashscope.rerank.TextReRankParam;
import com.alibaba.dashscope.rerank.TextReRankResult;
import com.alibaba.dashscope.utils.Constants;
import com.google.gson.Gson;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the vendor's SDK for Java asks for beside chats, each once; one line of JSON tells what it read. */
public final class Beside {
  private Beside() {}

  /** Arguments: the native base URL, the key. */
  public static void main(String[] arguments) throws Exception {
    Constants.baseHttpApiUrl = arguments[0];
    Constants.apiKey = arguments[1];
    Map<String, Object> told = new LinkedHashMap<>();

    TextReRankResult ranked =
        new TextReRank()
            .call(
                TextReRankParam.builder()
                    .model("qwen3-rerank")
                    .query("How hot is green tea?")
                    .documents(List.of("A train leaves.", "Green tea is hot."))
                    .returnDocuments(true)
                    .build());
    told.put("best", ranked.getOutput().getResults().get(0).getDocument().getText());

    TextEmbeddingParam texts =
        TextEmbeddingParam.builder().model("text-embedding-v4").texts(List.of("tea", "cup")).build();
    told.put("vectors", new TextEmbedding().call(texts).getOutput().getEmbeddings().size());

    MultiModalEmbeddingParam things =
        MultiModalEmbeddingParam.builder()
            .model("multimodal-embedding-v1")
            .contents(
                List.of(
                    new MultiModalEmbeddingItemText("tea"),
                    new MultiModalEmbeddingItemImage("https://tea.invalid/cup.png")))
            .build();
    List<MultiModalEmbeddingResultItem> kinds =
        new MultiModalEmbedding().call(things).getOutput().getEmbeddings();
    told.put("kinds", kinds.stream().map(MultiModalEmbeddingResultItem::getType).toList());

    ImageSynthesisResult drawn =
        new ImageSynthesis()
            .call(ImageSynthesisParam.builder().model("wanx-v1").prompt("a teapot").n(2).build());
    told.put("task", drawn.getOutput().getTaskStatus());
    told.put("pictures", drawn.getOutput().getResults().size());

    Application app = new Application();
    ApplicationResult first = app.call(ApplicationParam.builder().appId("teas").prompt("Tea?").build());
    String session = first.getOutput().getSessionId();
    ApplicationResult second =
        app.call(
            ApplicationParam.builder().appId("teas").sessionId(session).prompt("And cake?").build());
    told.put("text", second.getOutput().getText());
    told.put("same_session", session.equals(second.getOutput().getSessionId()));

    try {
      new TextEmbedding()
          .call(TextEmbeddingParam.builder().model("no-such-model").texts(List.of("tea")).build());
    } catch (ApiException refused) {
      told.put("refused", refused.getStatus().getCode());
    }
    System.out.println(new Gson().toJson(told));
  }
}
