import ai.koog.agents.core.tools.ToolDescriptor
import ai.koog.agents.core.tools.ToolParameterDescriptor
import ai.koog.agents.core.tools.ToolParameterType
import ai.koog.http.client.KoogHttpClientException
import ai.koog.prompt.dsl.Prompt
import ai.koog.prompt.executor.clients.ConnectionTimeoutConfig
import ai.koog.prompt.executor.clients.dashscope.DashscopeClientSettings
import ai.koog.prompt.executor.clients.dashscope.DashscopeLLMClient
import ai.koog.prompt.executor.clients.dashscope.DashscopeModels
import ai.koog.prompt.executor.clients.dashscope.DashscopeParams
import ai.koog.prompt.llm.LLMCapability
import ai.koog.prompt.message.AttachmentContent
import ai.koog.prompt.message.ContentPart
import ai.koog.prompt.message.Message
import ai.koog.prompt.message.RequestMetaInfo
import ai.koog.prompt.message.ResponseMetaInfo
import ai.koog.prompt.params.LLMParams
import ai.koog.prompt.streaming.StreamFrame
import ai.koog.prompt.streaming.toMessageResponses
import io.ktor.client.HttpClient
import io.ktor.client.engine.cio.CIO
import io.ktor.client.plugins.defaultRequest
import io.ktor.client.request.header
import java.util.function.Function
import kotlinx.coroutines.flow.transformWhile
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.jsonObject

/**
 * Drives Koog's client for DashScope. What it answers goes into the history as it came, and the pieces of a stream are
 * put together by its own `toMessageResponses`.
 */
private class Koog(private val begin: Loop.Command) : Loop.Conversation {
    private val silence = Math.round(1000 * begin.timeout)
    private val client =
        DashscopeLLMClient(
            begin.key,
            DashscopeClientSettings(
                baseUrl = begin.openai_url + "/",
                chatCompletionsPath = "chat/completions",
                timeoutConfig = ConnectionTimeoutConfig(socketTimeoutMillis = silence),
            ),
            HttpClient(CIO) {
                defaultRequest { begin.session?.let { header("x-dashscope-aca-session", it) } }
            },
        )
    private val model =
        DashscopeModels.QWEN_PLUS.run {
            copy(id = begin.model, capabilities = capabilities.orEmpty() + LLMCapability.Vision.Image)
        }
    private val tools = begin.tools.map { offered(it["function"] as Map<*, *>) }
    private val history = mutableListOf<Message>()
    private var start = 0 // where the running turn begins in the history

    init {
        begin.system?.let { history += Message.System(it, RequestMetaInfo.Empty) }
    }

    private fun told(command: Loop.Command): List<Message> {
        if (command.type == "say") {
            val parts =
                command.parts.map { part ->
                    (part["text"] as String?)?.let { ContentPart.Text(it) } ?: image(part["image"] as String)
                }
            return listOf(Message.User(parts.ifEmpty { listOf(ContentPart.Text(command.text)) }, RequestMetaInfo.Empty))
        }
        val names = history.filterIsInstance<Message.Tool.Call>().associate { it.id to it.tool }
        return command.results.map {
            Message.Tool.Result(it.id, names[it.id] ?: "unknown", it.content, RequestMetaInfo.Empty)
        }
    }

    private fun params(command: Loop.Command): DashscopeParams {
        val given = HashMap(begin.options).apply { putAll(command.options) }

        fun number(name: String) = (given.remove(name) as Number?)

        fun switch(name: String) = given.remove(name) as Boolean?
        val stop = given.remove("stop")
        val choice = given.remove("tool_choice")
        val format = given["response_format"] as Map<*, *>?
        val schema = format?.get("json_schema") as Map<*, *>?
        if (schema != null) given.remove("response_format")
        return DashscopeParams(
            temperature = number("temperature")?.toDouble(),
            maxTokens = number("max_tokens")?.toInt(),
            schema =
                schema?.let {
                    LLMParams.Schema.JSON.Standard(it["name"] as String, json(it["schema"]).jsonObject)
                },
            toolChoice =
                when (choice) {
                    null -> null
                    "auto" -> LLMParams.ToolChoice.Auto
                    "none" -> LLMParams.ToolChoice.None
                    "required" -> LLMParams.ToolChoice.Required
                    else -> {
                        val function = (choice as Map<*, *>)["function"] as Map<*, *>
                        LLMParams.ToolChoice.Named(function["name"] as String)
                    }
                },
            enableSearch = switch("enable_search"),
            parallelToolCalls = switch("parallel_tool_calls"),
            enableThinking = switch("enable_thinking"),
            frequencyPenalty = number("frequency_penalty")?.toDouble(),
            presencePenalty = number("presence_penalty")?.toDouble(),
            logprobs = switch("logprobs"),
            stop = if (stop is String) listOf(stop) else (stop as List<*>?)?.map { it.toString() },
            topLogprobs = number("top_logprobs")?.toInt(),
            topP = number("top_p")?.toDouble(),
            additionalProperties = given.mapValues { json(it.value) }.ifEmpty { null },
        )
    }

    override fun turn(command: Loop.Command): Loop.Answer {
        if (command.type == "say") start = history.size
        val told = told(command)
        val prefix = command.partial
        val begun = if (prefix.isEmpty()) listOf() else said(prefix)
        val answer = Loop.Answer()
        val own =
            try {
                val prompt = Prompt(history + told + begun, "conversation", params(command))
                if (command.stream) listen(prompt, command, answer) else whole(prompt, answer)
            } catch (error: Throwable) {
                history.subList(start, history.size).clear()
                throw error
            }
        if (begin.session == null) {
            history += told
            history += if (prefix.isEmpty()) own else said(prefix + answer.add(0, null, null, null).text)
        }
        return answer
    }

    private fun said(text: String) = listOf(Message.Assistant(text, ResponseMetaInfo.Empty))

    private fun whole(prompt: Prompt, answer: Loop.Answer) =
        gather(runBlocking { client.execute(prompt, model, tools) }, answer)

    private fun listen(prompt: Prompt, command: Loop.Command, answer: Loop.Answer): List<Message.Response> {
        val frames = mutableListOf<StreamFrame>()
        runBlocking {
            client
                .executeStreaming(prompt, model, tools)
                .transformWhile {
                    emit(it)
                    if (it is StreamFrame.TextDelta || it is StreamFrame.ReasoningDelta) answer.pieces++
                    answer.cancelled = answer.pieces == command.cancel_after && command.cancel_after > 0
                    !answer.cancelled
                }.collect { frames += it }
        }
        if (!answer.cancelled) {
            val own = gather(frames.toMessageResponses(), answer)
            val end = frames.filterIsInstance<StreamFrame.End>().lastOrNull()
            answer.add(0, null, null, end?.finishReason)
            end?.metaInfo?.let { answer.tokens(it.inputTokensCount, it.outputTokensCount, -1) }
            return own
        }
        for (frame in frames) {
            if (frame is StreamFrame.TextDelta) answer.add(0, frame.text, null, null)
            if (frame is StreamFrame.ReasoningDelta) answer.add(0, null, frame.text, null)
        }
        return said(answer.add(0, null, null, null).text)
    }

    private fun gather(responses: List<Message.Response>, answer: Loop.Answer): List<Message.Response> {
        val noted = answer.add(0, null, null, null)
        for (response in responses) {
            when (response) {
                is Message.Assistant -> answer.add(0, response.content, null, response.finishReason)
                is Message.Reasoning -> answer.add(0, null, response.content, null)
                is Message.Tool.Call -> noted.call(null, response.id, response.tool, response.content)
            }
            answer.tokens(response.metaInfo.inputTokensCount, response.metaInfo.outputTokensCount, -1)
        }
        // A call has no reason to end: that there is one says it.
        if (noted.finish_reason == null && noted.tool_calls.isNotEmpty()) noted.finish_reason = "tool_calls"
        return responses
    }

    override fun failure(error: Throwable): Loop.Failure {
        val refused = generateSequence(error) { it.cause }.filterIsInstance<KoogHttpClientException>().firstOrNull()
        return Loop.Failure(error.javaClass.simpleName, null, refused?.statusCode, error.message.toString())
    }
}

private fun json(value: Any?) = Json.parseToJsonElement(Loop.JSON.toJson(value))

private fun image(address: String): ContentPart.Image {
    val data = Regex("data:(image/(\\w+));base64,(.*)", RegexOption.DOT_MATCHES_ALL).matchEntire(address)
    if (data == null) return ContentPart.Image(AttachmentContent.URL(address), address.substringAfterLast('.'))
    val (kind, format, content) = data.destructured
    return ContentPart.Image(AttachmentContent.Binary.Base64(content), format, kind)
}

/** A function, whose parameters Koog describes by types of its own: what these have no place for is lost. */
private fun offered(function: Map<*, *>): ToolDescriptor {
    val parameters = function["parameters"] as Map<*, *>
    val names = parameters["required"] as List<*>? ?: listOf<Any>()
    val (required, optional) = properties(parameters).partition { it.name in names }
    return ToolDescriptor(function["name"] as String, function["description"] as String? ?: "", required, optional)
}

private fun properties(schema: Map<*, *>) =
    (schema["properties"] as Map<*, *>? ?: mapOf<Any, Any>()).map { (name, of) ->
        ToolParameterDescriptor(name as String, (of as Map<*, *>)["description"] as String? ?: "", type(of))
    }

private fun type(schema: Map<*, *>): ToolParameterType {
    val choices = (schema["anyOf"] as List<*>?)?.map { ToolParameterDescriptor("", "", type(it as Map<*, *>)) }
    val values = (schema["enum"] as List<*>?)?.map { it.toString() }
    return when {
        values != null -> ToolParameterType.Enum(values.toTypedArray())
        choices != null -> ToolParameterType.AnyOf(choices.toTypedArray())
        schema["type"] == "integer" -> ToolParameterType.Integer
        schema["type"] == "number" -> ToolParameterType.Float
        schema["type"] == "boolean" -> ToolParameterType.Boolean
        schema["type"] == "null" -> ToolParameterType.Null
        schema["type"] == "array" -> ToolParameterType.List(type(schema["items"] as Map<*, *>? ?: mapOf<Any, Any>()))
        schema["type"] == "object" ->
            ToolParameterType.Object(
                properties(schema),
                (schema["required"] as List<*>? ?: listOf<Any>()).map { it.toString() },
                schema["additionalProperties"] as? Boolean,
            )
        else -> ToolParameterType.String
    }
}

fun main() {
    val features = Loop.FEATURES - "choices" // streams have one
    Loop.serve("koog 0.8.0 (dashscope)", listOf("compat"), features, Function { Koog(it) })
}
