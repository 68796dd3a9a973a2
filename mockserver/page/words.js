// What the page says, in English and in Chinese. Both tables have the same names; a test holds them to it.

const WORDS = {
  en: {
    exchanges: "Exchanges", scripts: "Scripts and faults", usage: "Usage", scenario: "Scenario",
    skip: "Skip to the content", views: "Views", language: "中文", theme: "Theme",
    "theme.auto": "Theme: auto", "theme.light": "Theme: light", "theme.dark": "Theme: dark",
    reset: "Reset", resetTitle: "Forget everything: scripts, faults, the journal and all worlds",
    resetAsk: "Forget all scripts, faults and exchanges?", resetDone: "Everything is forgotten.",
    yes: "Yes, forget", no: "Cancel", help: "Keys", close: "Close",
    search: "Search in what was said", filter: "Show", all: "all", refused: "refused", findings: "with findings",
    faulted: "with a fault", missed: "no script matched", streamed: "streams", running: "running",
    beside: "calls beside chat", model: "model", key: "key", surface: "surface", any: "any",
    counted: "{shown} of {all} {all|exchange|exchanges}", nothing: "Nothing was asked yet. Point an SDK at this server:",
    nothingFits: "No exchange fits this filter.", choose: "Choose an exchange.", back: "Back to the list",
    gone: "The journal no longer has this exchange.", list: "Exchanges, newest first",
    offline: "The server does not answer; trying again.", stream: "stream",
    token: "This server wants the token that it printed at its start", enter: "Enter",
    conversation: "Conversation", frames: "Frames", found: "Findings", counting: "{count} {count|frame|frames}", raw: "Raw", copy: "Copy as", near: "Nearest script",
    tools: "{count} {count|tool|tools} offered", parameters: "Parameters", thinking: "Thinking", call: "calls", result: "result",
    noResult: "no result yet", answer: "answer", more: "show more ({left} {left|character|characters} left)", picture: "picture",
    notShown: "{kind}, not fetched: {value}", error: "refused with {status}",
    system: "system", user: "user", assistant: "assistant", tool: "tool", request: "request", sentRaw: "sent as it stands",
    noFrames: "What went out is not kept any more, or not sent yet.", packed: "packed bytes", bytes: "bytes",
    at: "at", carries: "carries", wire: "as sent", atOnce: "All frames left at once: no pace was asked for.",
    moreRows: "show {count} more", endingclose: "then the connection was closed", endingreset: "then the connection was reset",
    noFindings: "No rule is broken.", rule: "rule", place: "place", fix: "What helps", source: "Known from", museum: "Bugs like this",
    side: "{held} of {total} {total|condition holds|conditions hold}", condition: "condition", expected: "the script wants", actual: "the request has",
    differs: "how they differ", holds: "holds", spent: "It fits, but it has answered as often as it may.",
    answersNow: "It would answer now: it was scripted later.", noNear: "No script is there for this key, or one answered.",
    copyNow: "Copy", copied: "Copied.", scriptIt: "Script a reply", strikeIt: "Strike a fault",
    first: "first byte", finished: "finished", tokens: "tokens", in: "in", out: "out", by: "answered by",
    addReply: "Script a reply", match: "When (JSON; empty: always)", reply: "Say (text, or a reply as JSON)", times: "times (empty: for ever)",
    add: "Add", used: "used", remove: "Remove", added: "Added: {id}", noScripts: "Nothing is scripted: the built-in model answers.",
    faults: "Faults", addFault: "Strike a fault", fault: "Fault, such as Throttling.RateQuota;times=2", noFaults: "Nothing goes wrong.",
    cassette: "Cassette {name}", recorded: "recorded", recordings: "Recordings", status: "status", says: "says", name: "name",
    table: "{of}: table", byKey: "by key", byModel: "by model", input: "input tokens", output: "output tokens", requests: "requests", refusals: "refusals",
    cached: "cached", noUsage: "Nothing was used yet.", world: "world", chart: "Tokens {by}",
    scenarioKey: "Key (empty: for all)", play: "Play", stop: "Take away", played: "{count} {count|reply plays|replies play}.", stopped: "It is taken away.",
    write: "Scenario file", tryIt: "Try it", message: "Message", ask: "Ask", asStream: "as a stream", fresh: "New conversation",
    warnings: "Warnings", keysTitle: "Keys", keyMove: "move in the list", keyOpen: "open", keyClose: "back to the list",
    keySearch: "search", keyViews: "the four views", keyTabs: "tabs of an exchange", keyHelp: "this help", failed: "That did not work: {why}",
  },
  zh: {
    exchanges: "请求记录", scripts: "脚本与故障", usage: "用量", scenario: "场景",
    skip: "跳到内容", views: "视图", language: "English", theme: "主题",
    "theme.auto": "主题：自动", "theme.light": "主题：浅色", "theme.dark": "主题：深色",
    reset: "重置", resetTitle: "清空一切：脚本、故障、请求记录和所有隔离环境",
    resetAsk: "清空所有脚本、故障和请求记录？", resetDone: "已全部清空。",
    yes: "清空", no: "取消", help: "快捷键", close: "关闭",
    search: "搜索对话内容", filter: "显示", all: "全部", refused: "被拒绝的", findings: "有规则提示的",
    faulted: "注入故障的", missed: "没有匹配脚本的", streamed: "流式", running: "进行中",
    beside: "对话以外的调用", model: "模型", key: "密钥", surface: "接口", any: "任意",
    counted: "共 {all} 条，显示 {shown} 条", nothing: "还没有请求。把 SDK 指向这个服务：",
    nothingFits: "没有符合筛选条件的请求。", choose: "请选择一条请求。", back: "返回列表",
    gone: "记录中已没有这条请求。", list: "请求记录，最新的在前",
    offline: "服务没有响应，正在重试。", stream: "流式",
    token: "此服务需要启动时打印的令牌", enter: "确定",
    conversation: "对话", frames: "数据帧", found: "规则提示", counting: "{count} 个数据帧", raw: "原文", copy: "复制为", near: "最接近的脚本",
    tools: "提供了 {count} 个工具", parameters: "参数", thinking: "思考", call: "调用", result: "结果",
    noResult: "尚无结果", answer: "回答", more: "显示更多（还有 {left} 个字符）", picture: "图片",
    notShown: "{kind}，不会下载：{value}", error: "被拒绝，状态码 {status}",
    system: "系统", user: "用户", assistant: "助手", tool: "工具", request: "请求", sentRaw: "原样发送",
    noFrames: "发送的内容已不再保留，或尚未发送。", packed: "压缩数据", bytes: "字节",
    at: "时间", carries: "内容", wire: "原始数据", atOnce: "所有帧一次发出：没有设置速度。",
    moreRows: "再显示 {count} 条", endingclose: "随后连接被关闭", endingreset: "随后连接被重置",
    noFindings: "没有违反任何规则。", rule: "规则", place: "位置", fix: "解决办法", source: "依据", museum: "类似的缺陷",
    side: "{total} 个条件中满足 {held} 个", condition: "条件", expected: "脚本要求", actual: "请求内容",
    differs: "差异", holds: "满足", spent: "条件满足，但使用次数已用完。",
    answersNow: "现在会由它回答：它是之后才添加的。", noNear: "此密钥没有脚本，或已由脚本回答。",
    copyNow: "复制", copied: "已复制。", scriptIt: "指定回答", strikeIt: "注入故障",
    first: "首字节", finished: "完成", tokens: "Token", in: "输入", out: "输出", by: "回答者",
    addReply: "指定回答", match: "条件（JSON，空为总是）", reply: "回答（文本，或 JSON 格式的回答）", times: "次数（空为不限）",
    add: "添加", used: "已用", remove: "删除", added: "已添加：{id}", noScripts: "没有脚本：由内置模型回答。",
    faults: "故障", addFault: "注入故障", fault: "故障，例如 Throttling.RateQuota;times=2", noFaults: "没有故障。",
    cassette: "录制集 {name}", recorded: "录制时间", recordings: "录制", status: "状态码", says: "回答", name: "名称",
    table: "{of}：表格", byKey: "按密钥", byModel: "按模型", input: "输入 Token", output: "输出 Token", requests: "请求数", refusals: "拒绝数",
    cached: "缓存命中", noUsage: "还没有用量。", world: "隔离环境", chart: "Token 用量（{by}）",
    scenarioKey: "密钥（空为全部）", play: "启用", stop: "停用", played: "已启用 {count} 个回答。", stopped: "已停用。",
    write: "场景文件", tryIt: "试一试", message: "消息", ask: "提问", asStream: "流式输出", fresh: "新对话",
    warnings: "警告", keysTitle: "快捷键", keyMove: "在列表中移动", keyOpen: "打开", keyClose: "返回列表",
    keySearch: "搜索", keyViews: "四个视图", keyTabs: "请求的各个标签页", keyHelp: "本帮助", failed: "操作失败：{why}",
  },
};

const KEPT = "dashscope-mock-language";

/** The language: what was chosen here, else what the browser asks for. */
export function language() {
  const kept = localStorage.getItem(KEPT);
  return kept in WORDS ? kept : navigator.language.startsWith("zh") ? "zh" : "en";
}

export function setLanguage(name) {
  localStorage.setItem(KEPT, name);
}

/** A text by its name, its holes filled: {count} with a value, {count|frame|frames} with the word for one or for many. */
export function t(name, values = {}) {
  return WORDS[language()][name].replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (_, hole, one, many) =>
    one === undefined ? String(values[hole]) : values[hole] === 1 ? one : many);
}
