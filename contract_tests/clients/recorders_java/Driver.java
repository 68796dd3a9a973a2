import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.WireMock;
import com.github.tomakehurst.wiremock.common.Json;
import com.github.tomakehurst.wiremock.core.WireMockConfiguration;
import com.github.tomakehurst.wiremock.recording.RecordSpec;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * WireMock as a recorder: it records the same exchanges as the others and writes them in its own form.
 *
 * <p>{@code Driver JOB} reads {@code {"tool", "base", "out", "exchanges": [{"method", "target", "headers", "body"}]}}.
 */
public final class Driver {
  private record Exchange(String method, String target, Map<String, String> headers, String body) {}

  private record Job(String tool, String base, String out, List<Exchange> exchanges) {}

  private Driver() {}

  public static void main(String[] arguments) throws Exception {
    Job job = Json.read(Files.readString(Path.of(arguments[0])), Job.class);
    Path out = Path.of(job.out());
    Files.createDirectories(out.resolve("mappings"));
    Files.createDirectories(out.resolve("__files"));
    WireMockConfiguration options =
        WireMockConfiguration.options().dynamicPort().usingFilesUnderDirectory(job.out());
    WireMockServer server = new WireMockServer(options);
    server.start();
    RecordSpec wanted =
        WireMock.recordSpec()
            .forTarget(job.base())
            .captureHeader("X-DashScope-SSE")
            .makeStubsPersistent(true)
            .extractTextBodiesOver(job.tool().equals("wiremock-files") ? 0 : 1_000_000)
            .extractBinaryBodiesOver(job.tool().equals("wiremock-files") ? 0 : 1_000_000)
            .build();
    server.startRecording(wanted);
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    for (Exchange exchange : job.exchanges()) {
      HttpRequest.Builder asked =
          HttpRequest.newBuilder(URI.create(server.baseUrl() + exchange.target()))
              .method(exchange.method(), HttpRequest.BodyPublishers.ofString(exchange.body()));
      exchange.headers().forEach(asked::header);
      client.send(asked.build(), HttpResponse.BodyHandlers.ofByteArray());
    }
    server.stopRecording();
    server.stop();
  }
}
