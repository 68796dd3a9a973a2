package dashscope.mock;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dashscope.mock.control.ApiClient;
import dashscope.mock.control.ControlApi;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A server beside the tests: one that was started here and ends with this process, or one that runs already. */
public final class Mock implements AutoCloseable {
    private static final String VERSION = "0.1.0";
    private static final List<List<String>> WAYS = List.of(
            List.of("dashscope-mock"),
            List.of("uvx", "dashscope-mock@" + VERSION),
            List.of("pipx", "run", "dashscope-mock==" + VERSION),
            List.of("python3", "-m", "mockserver"));
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final String url;
    private final ObjectMapper mapper = ApiClient.createDefaultObjectMapper();
    private final ControlApi control;
    private final Runnable end;

    private Mock(String url, Runnable end) {
        this.url = url;
        this.end = end;
        var client = new ApiClient();
        client.updateBaseUri(url);
        client.setObjectMapper(mapper);
        this.control = new ControlApi(client);
    }

    /** A server that runs already, such as one in a container. */
    public static Mock at(String url) {
        return new Mock(url.replaceAll("/+$", ""), () -> {});
    }

    /** Starts a server on a free port; the arguments are options of {@code dashscope-mock serve}. */
    public static Mock start(String... arguments) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("dashscope-mock-");
        Path ready = folder.resolve("ready.json");
        Path said = folder.resolve("said.txt");
        List<String> words = new ArrayList<>(command());
        words.addAll(List.of("serve", "--port", "0", "--quiet", "--ready-file", ready.toString()));
        words.addAll(List.of(arguments));
        Process process = new ProcessBuilder(words)
                .redirectOutput(Redirect.DISCARD)
                .redirectError(said.toFile())
                .start();
        var hook = new Thread(process::destroy);
        Runtime.getRuntime().addShutdownHook(hook);
        Runnable end = () -> {
            end(process, hook);
            remove(folder, ready, said);
        };
        Instant until = Instant.now().plus(PATIENCE);
        while (!Files.exists(ready)) {
            boolean over = !process.isAlive();
            if (over || Instant.now().isAfter(until)) {
                String why = over ? "ended with " + process.exitValue() : "was not ready within " + PATIENCE;
                String message = "dashscope-mock " + why + ": " + Files.readString(said).strip();
                end.run();
                throw new IOException(message);
            }
            Thread.sleep(20);
        }
        JsonNode written = new ObjectMapper().readTree(ready.toFile());
        return new Mock(written.get("url").asText(), end);
    }

    /** The command that runs the server here: DASHSCOPE_MOCK, what is installed, or what uv and pipx bring. */
    private static List<String> command() throws IOException, InterruptedException {
        String named = System.getenv("DASHSCOPE_MOCK");
        if (named != null) {
            return List.of(named);
        }
        for (List<String> way : WAYS) {
            if (runs(way)) {
                return way;
            }
        }
        throw new IOException(
                "dashscope-mock is not installed: pip install it, install uv, or name it in DASHSCOPE_MOCK");
    }

    private static boolean runs(List<String> way) throws InterruptedException {
        boolean module = way.contains("-m");
        List<String> words = new ArrayList<>(module ? way : way.subList(0, 1));
        words.add("--version");
        try {
            return new ProcessBuilder(words)
                    .redirectOutput(Redirect.DISCARD)
                    .redirectError(Redirect.DISCARD)
                    .start()
                    .waitFor() == 0;
        } catch (IOException absent) {
            return false;
        }
    }

    private static void end(Process process, Thread hook) {
        process.destroy();
        try {
            process.waitFor();
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (IllegalStateException ending) {
            // the hook is running already
        }
    }

    private static void remove(Path folder, Path... files) {
        try {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
            Files.delete(folder);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** Where it listens; its page is below {@code /_mock/}. */
    public String url() {
        return url;
    }

    /** The base URL of the OpenAI-compatible dialect. */
    public String openaiUrl() {
        return url + "/compatible-mode/v1";
    }

    /** The base URL of the native dialect. */
    public String nativeUrl() {
        return url + "/api/v1";
    }

    /** Every call of the control API. */
    public ControlApi control() {
        return control;
    }

    /** A world that nobody else knows. */
    public World world() {
        return world("sk-" + UUID.randomUUID().toString().replace("-", ""));
    }

    /** The world of an API key. */
    public World world(String key) {
        return new World(this, key);
    }

    <T> T copyOf(T value, Class<T> type) {
        return mapper.convertValue(value, type);
    }

    /** Ends the server that was started here. */
    @Override
    public void close() {
        end.run();
    }
}
