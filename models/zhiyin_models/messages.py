"""The command line's words: a sentence in Chinese and in English for every code, and every other line that it says."""

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from zhiyin_models.errors import Argument, Code

Language = Literal["zh", "en"]


class Words(NamedTuple):
    """The same in both languages, with the same placeholders."""

    zh: str
    en: str

    def of(self, lang: Language) -> str:
        """In one of them."""
        return self.zh if lang == "zh" else self.en


# Why a source was left, in a notice that says more: codes without a detail of their own.
REASONS: Mapping[str, Words] = {
    Code.CHECKSUM_DIFFERS: Words("校验值不符", "the checksum is wrong"),
    Code.FILE_LENGTH: Words("长度不对", "the length is wrong"),
    Code.FILE_CHANGED: Words("内容已改变", "the file changed"),
    Code.NETWORK_STALLED: Words("没有数据传来", "nothing came"),
    Code.HUB_BUSY: Words("请求过多", "too many requests"),
    Code.HUB_NOT_FOUND: Words("没有该文件", "no such file"),
    Code.HUB_GATED: Words("需先接受许可", "the licence is not accepted"),
    Code.HUB_TOKEN_NEEDED: Words("需要账号", "an account is needed"),
    Code.HUB_TOKEN_REFUSED: Words("令牌无效", "the token is not accepted"),
    Code.NETWORK_REDIRECTS: Words("重定向有误", "it redirects wrongly"),
}

# What happened, and what to do about it. A pair of brackets that stays empty is left out.
SENTENCES: Mapping[Code, Words] = {
    Code.MODEL_MISSING: Words(
        "找不到模型文件 {path}，请检查路径，或改用其他模型。", "There is no model file {path}. Check the path, or choose another model."
    ),
    Code.MODEL_UNREADABLE: Words(
        "无法读取模型文件 {path}（{detail}），请检查权限和磁盘。",
        "The model file {path} cannot be read ({detail}). Check its permissions and the disk.",
    ),
    Code.MODEL_IS_FOLDER: Words(
        "{path} 是文件夹，不是模型文件；如果它是检查点，请先运行 zhiyin-models convert 转换。",
        "{path} is a folder and no model file. If it is a checkpoint, turn it into one first, with: zhiyin-models convert",
    ),
    Code.MODEL_NOT_GGUF: Words(
        "{path} 不是 GGUF 模型，或下载时已损坏；请选择其他文件，或重新下载。",
        "{path} is not a GGUF model, or its download failed. Choose another file, or download it again.",
    ),
    Code.MODEL_GGUF_VERSION: Words(
        "不支持 {path} 的 GGUF 版本 {version}，请下载较新的文件。",
        "{path} is a GGUF file of version {version}, which is not supported. Download a newer file.",
    ),
    Code.MODEL_TRUNCATED: Words(
        "{path} 不完整：应有 {expected}，实际只有 {actual}，请重新下载。",
        "{path} is incomplete: {actual} of {expected} are there. Download it again.",
    ),
    Code.MODEL_DAMAGED: Words("{path} 已损坏（{detail}），请重新下载。", "{path} is damaged ({detail}). Download it again."),
    Code.MODEL_SPLIT_MISSING: Words(
        "模型 {path} 缺少分卷 {part}，请把所有分卷放在同一个文件夹里。",
        "Part {part} of the model {path} is missing. Put all parts into one folder.",
    ),
    Code.MODEL_UNKNOWN_ARCHITECTURE: Words(
        "无法运行 {path} 的架构“{architecture}”，请更新 Zhiyin 或改用其他模型。",
        "{path} has the architecture “{architecture}”, which this version cannot run. Update Zhiyin, or choose another model.",
    ),
    Code.MODEL_NOT_CHAT: Words(
        "{path}（{architecture}）不是能够对话的模型，请改用对话模型。",
        "{path} ({architecture}) is not a model that can chat. Choose a chat model.",
    ),
    Code.MODEL_TOO_BIG: Words(
        "{path} 大约需要 {need} 内存，而空闲的只有 {free}：请关闭其他程序、减小 --context 或改用更小的模型。",
        "{path} needs about {need} of memory and {free} are free. Close other programs, lower --context, or choose a smaller model.",
    ),
    Code.MODEL_LOAD_FAILED: Words(
        "无法载入 {path}（{detail}），请重新下载或改用其他模型。",
        "{path} could not be loaded ({detail}). Download it again, or choose another model.",
    ),
    Code.MODEL_UNKNOWN_NAME: Words(
        "模型库中没有“{name}”，可用 zhiyin-models list 查看已有的模型。",
        "There is no model “{name}” in the library. See what there is with: zhiyin-models list",
    ),
    Code.MODEL_DELETED: Words(
        "已载入的模型文件 {path} 被删除了：现在仍可继续，但下次载入前请把它放回去。",
        "The file {path} of the loaded model has been deleted. You can go on for now; put it back before it is loaded again.",
    ),
    Code.MODEL_NONE_LOADED: Words("尚未载入模型，请先选择一个模型。", "No model is loaded. Choose a model first."),
    Code.TEMPLATE_MISSING: Words(
        "这个模型没有自带对话模板，改用 ChatML，回答可能不太正常。",
        "This model brings no chat template, so ChatML is used. Its answers may be odd.",
    ),
    Code.TEMPLATE_FAILED: Words(
        "模型的对话模板出错（{detail}），请改用其他模型。", "The model's chat template failed ({detail}). Choose another model."
    ),
    Code.TEMPLATE_TOO_SLOW: Words(
        "模型的对话模板在 {seconds} 秒内没有完成，请改用其他模型。",
        "The model's chat template did not end within {seconds} s. Choose another model.",
    ),
    Code.TEMPLATE_TOO_LARGE: Words(
        "模型的对话模板输出超过 {limit} 个字符，请缩短对话或改用其他模型。",
        "The model's chat template writes more than {limit} characters. Shorten the conversation, or choose another model.",
    ),
    Code.TEMPLATE_NO_CONTINUE: Words(
        "这个模型的对话模板不支持续写回复，请重新生成。",
        "This model's chat template cannot continue a reply. Write the reply anew instead.",
    ),
    Code.MESSAGE_TOO_LONG: Words(
        "消息有 {tokens} 个词元，最多只能容纳 {limit} 个，超出 {over} 个：请缩短、分几次发送，或增大 --context。",
        "The message has {tokens} tokens and {limit} fit: {over} too many. Shorten it, send it in parts, or raise --context.",
    ),
    Code.CONTEXT_DROPPED: Words(
        "上下文已满，最早的 {turns} 轮对话未发送给模型。", "The context is full: the {turns} oldest turns were left out."
    ),
    Code.CONTEXT_REDUCED: Words(
        "内存不足，上下文由 {wanted} 个词元减为 {given} 个。",
        "The context is {given} tokens instead of {wanted}: more does not fit into memory.",
    ),
    Code.ENGINE_START_FAILED: Words(
        "无法启动引擎（{detail}），请重新安装 Zhiyin。", "The engine could not be started ({detail}). Install Zhiyin again."
    ),
    Code.ENGINE_DIED: Words(
        "引擎意外退出：{reason}（{detail}），请重试；若再次发生，请改用更小的模型。",
        "The engine ended unexpectedly: {reason} ({detail}). Try again; if it happens again, choose a smaller model.",
    ),
    Code.ENGINE_SILENT: Words(
        "引擎 {seconds} 秒没有响应，已被结束，请重试。", "The engine did not answer for {seconds} s and was ended. Try again."
    ),
    Code.ENGINE_VERSION: Words(
        "引擎的协议版本是 {theirs}，而这里是 {ours}，请重新安装 Zhiyin。",
        "The engine speaks version {theirs} and this program {ours}. Install Zhiyin again.",
    ),
    Code.ENGINE_FAILED: Words(
        "引擎出错（{detail}），请重试；若再次发生，请改用其他模型。",
        "The engine failed ({detail}). Try again; if it happens again, choose another model.",
    ),
    Code.DECODE_FAILED: Words("模型无法继续生成（{detail}），请重试。", "The model could not go on ({detail}). Try again."),
    Code.DEVICE_UNREACHABLE: Words(
        "无法连接设备 {address}，请确认它的服务正在运行，或去掉这个 --rpc。",
        "The device at {address} cannot be reached. Check that its server runs, or leave out this --rpc.",
    ),
    Code.GPU_NOT_BUILT: Words(
        "没有使用 GPU：此版本的引擎无法使用 {maker} 显卡。请装好它的开发工具包，再重新安装。",
        "The GPU is not used: this build of the engine cannot use the {maker} card. Install its toolkit, then set up again.",
    ),
    Code.GPU_NO_ROOM: Words(
        "没有使用 GPU：{device} 的空闲显存太少。请关闭其他程序，或换用更小的模型。",
        "The GPU is not used: too little memory is free on {device}. Close other programs, or choose a smaller model.",
    ),
    Code.SOURCE_MISSING: Words(
        "找不到 {path}，请检查路径。",
        "There is nothing at {path}. Check the path.",
    ),
    Code.SOURCE_UNREADABLE: Words(
        "无法读取 {path}（{detail}），请检查权限和磁盘。",
        "{path} cannot be read ({detail}). Check its permissions and the disk.",
    ),
    Code.SOURCE_NOT_CHECKPOINT: Words(
        "{path} 不是 Hugging Face 检查点：其中没有 config.json 和权重文件，请选择微调输出的文件夹。",
        "{path} is no Hugging Face checkpoint: there is no config.json with weights in it. Choose the folder that the fine-tuning wrote.",
    ),
    Code.SOURCE_CHANGED: Words(
        "读取期间 {path} 被改动了，没有写出任何文件；请等其他程序写完后重试。",
        "{path} was changed while it was being read, so nothing was written. Wait until nothing writes there, then try again.",
    ),
    Code.FAMILY_UNSUPPORTED: Words(
        "不支持架构“{architecture}”，支持的有：{detail}。",
        "The architecture “{architecture}” is not supported. Supported are: {detail}.",
    ),
    Code.WINDOW_IGNORED: Words(
        "该模型 {tokens} 个词元的滑动窗口不会生效，更长的对话中回答可能变差。",
        "The model's sliding window of {tokens} tokens is not applied. In longer conversations its answers may get worse.",
    ),
    Code.CONFIG_BAD: Words(
        "{path} 中的“{name}”不受支持或不合理（{detail}），请检查检查点是否完整，或换一个检查点。",
        "“{name}” in {path} is not supported or cannot be right ({detail}). Check that the checkpoint is whole, or use another.",
    ),
    Code.SHARD_MISSING: Words(
        "缺少权重文件 {path}，请重新下载或复制检查点。",
        "The weight file {path} is missing. Download or copy the checkpoint again.",
    ),
    Code.SHARD_TRUNCATED: Words(
        "权重文件 {path} 不完整：应有 {expected}，实际只有 {actual}，请重新下载。",
        "The weight file {path} is incomplete: {actual} of {expected} are there. Download it again.",
    ),
    Code.SHARD_DAMAGED: Words(
        "权重文件 {path} 已损坏（{detail}），请重新下载。",
        "The weight file {path} is damaged ({detail}). Download it again.",
    ),
    Code.SHARD_OUTSIDE: Words(
        "索引指向了检查点文件夹之外的 {path}，已拒绝；请只使用可信的检查点。",
        "The index names {path}, which lies outside of the checkpoint's folder, so it is refused. Use checkpoints that you trust.",
    ),
    Code.PICKLE_REFUSED: Words(
        "{path} 想要运行“{name}”，已拒绝；请改用 safetensors 格式的检查点。",
        "{path} wants to run “{name}”, so it is refused. Use the checkpoint's safetensors files instead.",
    ),
    Code.TENSOR_MISSING: Words(
        "检查点缺少张量“{name}”，请检查下载是否完整。",
        "The tensor “{name}” is missing from the checkpoint. Check that all of it was downloaded.",
    ),
    Code.TENSOR_EXTRA: Words(
        "检查点含有未知的张量“{name}”，为避免得到错误的模型，转换已停止；如果它是适配器，请用 --adapter。",
        "The tensor “{name}” is unknown to this architecture, so the model would be wrong. If it is of an adapter, use --adapter.",
    ),
    Code.TENSOR_SHAPE: Words(
        "张量“{name}”的形状是 {actual}，而配置要求 {wanted}，请检查 config.json 是否属于这些权重。",
        "The tensor “{name}” is {actual}, but the configuration asks for {wanted}. Check that config.json belongs to these weights.",
    ),
    Code.TENSOR_TYPE: Words(
        "张量“{name}”的类型 {detail} 不受支持，请改用未量化的检查点（F32、F16 或 BF16）。",
        "The tensor “{name}” has the type {detail}, which is not supported. Use a checkpoint that is not quantized (F32, F16 or BF16).",
    ),
    Code.TENSOR_NOT_FINITE: Words(
        "张量“{name}”含有 NaN 或无穷大，训练可能已发散，请换一个检查点。",
        "The tensor “{name}” holds NaN or infinity: the training probably diverged. Use another checkpoint.",
    ),
    Code.TOKENIZER_MISSING: Words(
        "{path} 中没有分词器（tokenizer.json 或 tokenizer.model），请从基础模型复制过来。",
        "There is no tokenizer (tokenizer.json or tokenizer.model) in {path}. Copy it there from the base model.",
    ),
    Code.TOKENIZER_BAD: Words(
        "无法读取分词器 {path}（{detail}），请从基础模型重新复制。",
        "The tokenizer {path} cannot be read ({detail}). Copy it again from the base model.",
    ),
    Code.TOKENIZER_UNSUPPORTED: Words(
        "不支持这个分词器（{detail}），请换一个检查点。",
        "This tokenizer is not supported ({detail}). Use another checkpoint.",
    ),
    Code.TOKENIZER_DIFFERS: Words(
        "转换后的分词结果与原来不同，转换已停止：“{detail}”应为 {wanted}，得到 {given}。",
        "The converted tokenizer differs from the source's, so the conversion was ended: “{detail}” should be {wanted} and is {given}.",
    ),
    Code.TOKENIZER_NORMALISED: Words(
        "原分词器会改写某些 Unicode 文本（例如“{detail}”），转换后的模型不会，这些文本的分词会有差别。",
        "The source's tokenizer rewrites some Unicode text (such as “{detail}”); the converted model does not.",
    ),
    Code.TOKENIZER_SPACES: Words(
        "原分词器在特殊标记旁边对空格的处理与转换后的模型不同（例如“{detail}”），这些文本的分词会有差别。",
        "The source's tokenizer treats spaces beside special tokens (such as “{detail}”) differently from the converted model.",
    ),
    Code.TEMPLATE_BAD: Words(
        "无法使用对话模板 {path}（{detail}），请用 --template 另选一个。",
        "The chat template {path} cannot be used ({detail}). Choose another with --template.",
    ),
    Code.ADAPTER_BAD: Words(
        "适配器 {path} 无法读取（{detail}），请重新下载或导出。",
        "The adapter {path} cannot be read ({detail}). Download or export it again.",
    ),
    Code.ADAPTER_OTHER_BASE: Words(
        "适配器 {path} 属于另一个基础模型：“{name}”对不上（{detail}），请换成匹配的基础模型。",
        "The adapter {path} belongs to another base: “{name}” does not fit ({detail}). Choose the base that it was trained on.",
    ),
    Code.ADAPTER_UNSUPPORTED: Words(
        "适配器 {path} 使用了不支持的功能（{detail}），请先用训练工具合并。",
        "The adapter {path} uses what is not supported ({detail}). Merge it with the tool that trained it first.",
    ),
    Code.ADAPTER_NOT_ALONE: Words(
        "适配器 {path} 不能写成 GGUF 适配器（{detail}），请用 convert --adapter 合并。",
        "The adapter {path} cannot be written as a GGUF adapter ({detail}). Merge it with convert --adapter.",
    ),
    Code.TYPE_UNKNOWN: Words(
        "没有量化类型“{name}”，可选：{detail}。",
        "There is no quantization type “{name}”. There are: {detail}.",
    ),
    Code.TYPE_NEEDS_IMATRIX: Words(
        "类型 {name} 需要重要性矩阵，请先运行 calibrate，再用 --imatrix。",
        "The type {name} needs an importance matrix. Run calibrate first, then use --imatrix.",
    ),
    Code.ALREADY_QUANTIZED: Words(
        "{path} 已经量化为 {name}，再次量化会损失质量，请使用 F32、F16 或 BF16 的文件。",
        "{path} is quantized already ({name}), and quantizing it again would lose quality. Use an F32, F16 or BF16 file.",
    ),
    Code.IMATRIX_BAD: Words(
        "重要性矩阵 {path} 无法读取（{detail}），请重新生成。",
        "The importance matrix {path} cannot be read ({detail}). Make it again.",
    ),
    Code.IMATRIX_OTHER: Words(
        "重要性矩阵 {path} 属于另一个模型：“{name}”对不上，请为这个模型重新生成。",
        "The importance matrix {path} was made for another model: “{name}” does not fit. Make one for this model.",
    ),
    Code.TEXT_TOO_SHORT: Words(
        "文本只有 {tokens} 个词元，至少需要 {wanted} 个，请提供更多文本。",
        "The text has {tokens} tokens and at least {wanted} are needed. Give more text.",
    ),
    Code.TEXT_UNREADABLE: Words(
        "无法读取文本 {path}（{detail}），请使用 UTF-8 文本文件。",
        "The text {path} cannot be read ({detail}). Use a text file in UTF-8.",
    ),
    Code.REFERENCE_OTHER: Words(
        "{path} 的词表与要评估的模型不同，不能作为参考，请选同一个模型的 F16 或 BF16 文件。",
        "The vocabulary of {path} differs from the model's, so it cannot be the reference. Choose the F16 or BF16 file of the same model.",
    ),
    Code.OUTPUT_EXISTS: Words(
        "{path} 已经存在，不会覆盖；请换一个名字，或先把它移走。",
        "{path} is there already and is not overwritten. Choose another name, or move it away first.",
    ),
    Code.OUTPUT_UNWRITABLE: Words(
        "无法写入 {path}（{detail}），请检查权限，或换一个文件夹。",
        "{path} cannot be written ({detail}). Check its permissions, or choose another folder.",
    ),
    Code.OUTPUT_BUSY: Words(
        "另一项任务或另一个程序正在写入 {path}，请等它结束，或换一个名字。",
        "Another task or program is writing {path}. Wait until it ends, or choose another name.",
    ),
    Code.DISK_SMALL: Words(
        "{path} 所在磁盘需要 {need} 空间，只剩 {free}，请清理磁盘或换一个位置。",
        "The disk of {path} needs {need} and has {free} free. Free some space, or choose another place.",
    ),
    Code.DISK_FULL: Words(
        "{path} 所在磁盘已满，没有留下不完整的文件；请清理磁盘后重试。",
        "The disk of {path} is full; no half file is left. Free some space, then try again.",
    ),
    Code.DOWNLOAD_DISK_FULL: Words(
        "{path} 所在磁盘已满，已下载的部分会保留；请清理磁盘后继续下载。",
        "The disk of {path} is full. What was downloaded stays; free some space, then resume.",
    ),
    Code.MEASURING_STOPPED: Words("已停止测量；模型已经完成，予以保留。", "Measuring was stopped; the model is finished and is kept."),
    Code.NETWORK_UNREACHABLE: Words(
        "连接不上 {address}（{detail}），请检查网络或代理，或换一个来源。",
        "{address} cannot be reached ({detail}). Check the network and the proxy, or choose another source.",
    ),
    Code.NETWORK_STALLED: Words(
        "{address} 已有 {seconds} 秒没有传来数据，请稍后再试，或换一个来源。",
        "{address} has sent nothing for {seconds} s. Try again later, or choose another source.",
    ),
    Code.NETWORK_PROXY: Words(
        "代理 {address} 无法使用（{detail}），请在设置中检查代理。",
        "The proxy {address} cannot be used ({detail}). Check the proxy in the settings.",
    ),
    Code.NETWORK_CERTIFICATE: Words(
        "{address} 的安全证书不可信（{detail}），请检查系统时间和网络。",
        "The certificate of {address} cannot be trusted ({detail}). Check the computer's clock and the network.",
    ),
    Code.NETWORK_REDIRECTS: Words(
        "{address} 反复重定向或要求不安全的连接，请换一个来源。",
        "{address} redirects without end, or to an insecure connection. Choose another source.",
    ),
    Code.HUB_OFFLINE: Words(
        "已开启离线模式，请先在设置中关闭。",
        "Offline mode is on. Switch it off in the settings first.",
    ),
    Code.HUB_BUSY: Words(
        "对 {address} 的请求过多，请在 {seconds} 秒后再试。",
        "{address} gets too many requests. Try again in {seconds} s.",
    ),
    Code.HUB_SERVER: Words(
        "{address} 出错了（{detail}），请稍后再试，或换一个来源。",
        "{address} has trouble ({detail}). Try again later, or choose another source.",
    ),
    Code.HUB_ANSWER_BAD: Words(
        "{address} 的回答无法理解（{detail}），请换一个来源。",
        "What {address} answers cannot be understood ({detail}). Choose another source.",
    ),
    Code.HUB_NOT_FOUND: Words(
        "在 {address} 找不到 {name}，请检查名称。",
        "There is no {name} at {address}. Check the name.",
    ),
    Code.HUB_GATED: Words(
        "{name} 需要先接受许可：请登录 {address} 接受，再用 zhiyin-models token 保存令牌。",
        "{name} wants its licence accepted first: sign in at {address} and accept it, then keep your token with zhiyin-models token.",
    ),
    Code.HUB_TOKEN_NEEDED: Words(
        "{name} 需要登录 {address} 才能下载，请用 zhiyin-models token 保存令牌。",
        "{name} can only be downloaded with an account at {address}. Keep your token with zhiyin-models token.",
    ),
    Code.HUB_TOKEN_REFUSED: Words(
        "{address} 不接受令牌，可能已过期或被撤销，请用 zhiyin-models token 更换。",
        "{address} does not accept the token; it may have expired or been revoked. Keep a new one with zhiyin-models token.",
    ),
    Code.HUB_NOTHING: Words(
        "{name} 中没有所要的文件，可选：{detail}。",
        "{name} has no such file. There are: {detail}.",
    ),
    Code.HUB_NO_SOURCE: Words(
        "没有启用任何来源，请在设置中启用一个。",
        "No source is switched on. Switch one on in the settings.",
    ),
    Code.HUB_DIED: Words(
        "查询模型来源的进程意外结束（{detail}），请重试。", "The process that asks the sources ended ({detail}). Try again."
    ),
    Code.ADDRESS_BAD: Words(
        "{address} 不是可用的网址，请以 http:// 或 https:// 开头。",
        "{address} is not an address that can be used. Begin it with http:// or https://.",
    ),
    Code.FILE_NAME_BAD: Words(
        "文件名“{name}”不安全，未下载；请换一个仓库。",
        "The file name “{name}” is not safe, so it was not downloaded. Choose another repository.",
    ),
    Code.FILE_CHANGED: Words(
        "{address} 上的 {name} 在下载期间改变了，请重新下载。",
        "{name} changed at {address} while it was downloaded. Download it again.",
    ),
    Code.FILE_LENGTH: Words(
        "{name} 的长度不对：应为 {expected}，实际 {actual}；请换一个来源。",
        "{name} has the wrong length: {actual} instead of {expected}. Choose another source.",
    ),
    Code.CHECKSUM_DIFFERS: Words(
        "从 {address} 下载的 {name} 校验值不符，未加入模型库；请换一个来源重试。",
        "The checksum of {name} from {address} is wrong, so it was not taken into the library. Try again with another source.",
    ),
    Code.SOURCE_SWITCHED: Words(
        "{address} 不可用（{detail}），{name} 改从其他来源下载。",
        "{address} did not serve {name} ({detail}), so another source stood in.",
    ),
    Code.TOKEN_IN_FILE: Words(
        "系统没有钥匙串，令牌保存在只有您能读取的文件 {path} 中。",
        "This system has no keyring. The token is kept in {path}, which only you can read.",
    ),
    Code.VERIFY_DIFFERS: Words(
        "{path} 与下载时不同，可能已损坏；请先用 zhiyin-models rm 移走，再重新下载。",
        "{path} is not what was downloaded; it may be damaged. Take it away with zhiyin-models rm, then pull it again.",
    ),
    Code.VERIFY_KEPT: Words(
        "{path} 此前没有已知的校验值，已记下当前的。",
        "No checksum was known of {path}; the present one is kept for the next time.",
    ),
    Code.NAME_TAKEN: Words(
        "已有名为“{name}”的模型，请换一个名称。",
        "There is a model “{name}” already. Choose another name.",
    ),
    Code.NAME_BAD: Words(
        "“{name}”不能用作名称，请换一个。",
        "“{name}” cannot be a name. Choose another.",
    ),
    Code.TRASH_FAILED: Words(
        "无法把 {path} 移到回收站（{detail}），请手动删除。",
        "{path} could not be moved to the trash ({detail}). Delete it by hand.",
    ),
    Code.FOLDER_BAD: Words(
        "无法使用文件夹 {path}（{detail}），请选择其他文件夹。",
        "The folder {path} cannot be used ({detail}). Choose another.",
    ),
    Code.LIBRARY_BUSY: Words(
        "模型库 {path} 正被另一个程序占用，请稍后再试。",
        "The library {path} is held by another program. Try again in a moment.",
    ),
    Code.LIBRARY_UNWRITABLE: Words(
        "无法写入模型库 {path}（{detail}），请检查权限和磁盘。",
        "The library {path} cannot be written ({detail}). Check its permissions and the disk.",
    ),
    Code.LIBRARY_DAMAGED: Words(
        "模型列表已损坏，能读出的都已保留，其余可能丢失了名称、备注和来源；原文件保存在 {path}。",
        "The list of models was damaged. What could be read of it stays; the rest may lack names, notes and origins. It is kept as {path}.",
    ),
    Code.JOB_DIED: Words(
        "任务意外结束：{reason}（{detail}）。请重试，可从中断处继续。",
        "The job ended unexpectedly: {reason} ({detail}). Start it again: it goes on where it was.",
    ),
    Code.JOB_MISSING: Words(
        "没有任务“{name}”。",
        "There is no job “{name}”.",
    ),
    Code.JOB_FAILED: Words(
        "任务内部出错（{detail}），请重试；若再次发生，请报告这个问题。",
        "Something went wrong inside the job ({detail}). Try again; if it happens again, please report it.",
    ),
    Code.REQUEST_BAD: Words(
        "引擎不明白这个请求（{detail}），请重新安装 Zhiyin。", "The engine did not understand a request ({detail}). Install Zhiyin again."
    ),
    Code.LINE_TOO_LONG: Words(
        "对话太大，无法发送（超过 {limit}），请缩短。", "The conversation is too large to be sent (more than {limit}). Shorten it."
    ),
    Code.USAGE: Words("命令有误：{detail}。用 --help 查看用法。", "The command was not understood: {detail}. See --help."),
}

SIZES = frozenset({"need", "free", "expected", "actual"})  # arguments that are bytes whatever the code
EMPTY_BRACKETS = re.compile(r" ?\(\)|（）")
LONGEST_DETAIL = 300

PHRASES: Mapping[str, Words] = {
    # help
    "program": Words("在终端里使用本地模型。", "Local models from the terminal."),
    "usage": Words("用法：", "usage: "),
    "arguments": Words("参数", "arguments"),
    "options": Words("选项", "options"),
    "commands": Words("命令", "commands"),
    "help": Words("显示帮助并退出", "show this help and exit"),
    "version": Words("显示版本并退出", "show the version and exit"),
    "lang": Words("界面语言：zh 或 en", "language of this program: zh or en"),
    "data_dir": Words("数据文件夹（模型库和日志）", "data folder (the library and logs)"),
    "json": Words("输出 JSON", "write JSON"),
    "chat": Words("与模型对话", "chat with a model"),
    "info": Words("查看模型文件的信息，不载入", "what a model file says of itself, without loading it"),
    "devices": Words("列出可以运行模型的设备", "the devices that models can run on"),
    "bench": Words("测量模型的速度", "measure how fast a model is"),
    "list": Words("列出模型库中的模型", "the models in the library"),
    "import": Words("把模型加入模型库（文件留在原处）", "add a model to the library (the file stays where it is)"),
    "search": Words("在模型网站上查找模型", "look for models at the hubs"),
    "pull": Words("下载模型到模型库，中断后从已有部分继续", "fetch a model into the library, going on with what is there of it"),
    "rm": Words("把模型移到回收站", "move a model to the trash"),
    "verify": Words("重新读取并校验模型", "read models again and compare their checksums"),
    "sources": Words("列出模型来源，以及能否连接", "the sources of models, and whether they answer"),
    "token": Words("保存某个来源的访问令牌（从标准输入读取）", "keep the token of a source (read from standard input)"),
    "search_words": Words("要查找的词", "words to look for"),
    "by_author": Words("作者或组织", "who owns it"),
    "by_task": Words("任务，如 text-generation", "its task, such as text-generation"),
    "by_licence": Words("许可证，如 apache-2.0", "its licence, such as apache-2.0"),
    "by_language": Words("语言，如 zh、en", "its language, such as zh or en"),
    "by_kind": Words("gguf（默认）、checkpoint（检查点）或 any", "gguf (if not given), checkpoint or any"),
    "by_size": Words("参数量范围，如 1B-8B、500M-、0-3B", "numbers of parameters, such as 1B-8B, 500M- or 0-3B"),
    "by_sort": Words("排序：trend、downloads、likes 或 updated", "order: trend, downloads, likes or updated"),
    "search_limit": Words("最多列出多少个（默认 30）", "how many at most (30 if not given)"),
    "search_page": Words("第几页（默认 1）", "which page of them (1 if not given)"),
    "from_source": Words("来源的名称，见 sources", "name of a source, as in: sources"),
    "source_name": Words("来源的名称，见 sources", "name of a source, as in: sources"),
    "pull_what": Words("仓库（所有者/名称），可加 :量化类型；或网址", "a repository (OWNER/NAME), with :QUANT if you like; or an address"),
    "sha256": Words("文件应有的 SHA-256（用于网址）", "the SHA-256 that the file should have (for an address)"),
    "revision": Words("版本（提交、分支或标签）", "revision (commit, branch or tag)"),
    "pull_folder": Words("存放的文件夹，默认为模型库的文件夹", "folder to put it into; the library's if not given"),
    "no_projector": Words("不下载图像投影文件（mmproj）", "leave out the projector (mmproj) that belongs to it"),
    "import_copy": Words("复制到模型库的文件夹", "copy it into the library's folder"),
    "import_found": Words("加入其他应用已下载的模型（文件留在原处）", "add what other apps have fetched (the files stay where they are)"),
    "listed_model": Words("模型库中的名称，或文件路径", "a name in the library, or the path of its file"),
    "yes": Words("不再询问", "do not ask"),
    "verify_all": Words("模型库中的所有模型", "every model of the library"),
    "token_delete": Words("删除已保存的令牌", "forget the token"),
    "inspect": Words("查看检查点（微调输出的文件夹）", "look at a checkpoint (the folder that a fine-tuning wrote)"),
    "convert": Words("把检查点转换成量化的 GGUF 模型", "convert a checkpoint into a quantized GGUF model"),
    "quantize": Words("把 GGUF 模型量化成其他类型", "quantize a GGUF model into other types"),
    "adapter": Words(
        "把 PEFT 适配器写成 GGUF 适配器，供载入模型时使用", "write a PEFT adapter as a GGUF adapter, to be loaded beside a model"
    ),
    "calibrate": Words("用文本计算重要性矩阵，让量化损失更小", "compute an importance matrix from texts, so that quantization loses less"),
    "evaluate": Words("测量模型的困惑度，以及与参考模型的差别", "measure a model's perplexity, and how far it is from a reference"),
    "source": Words("检查点的文件夹", "folder of the checkpoint"),
    "adapter_source": Words("适配器的文件夹（可加 :权重）", "folder of the adapter (:WEIGHT may follow)"),
    "with_adapter": Words("合并这个适配器，可加权重（可重复）", "merge this adapter, with a weight if you like (repeatable)"),
    "with_type": Words("量化类型，默认 Q4_K_M（可重复，只读一遍）", "quantization type, Q4_K_M if not given (repeatable; read once)"),
    "output": Words("输出文件或文件夹，默认放入模型库", "file or folder to write to; the library's folder if not given"),
    "output_file": Words("输出文件", "file to write"),
    "imatrix": Words("重要性矩阵（calibrate 的输出）", "importance matrix (what calibrate wrote)"),
    "with_template": Words("改用这个对话模板（Jinja 文件）", "use this chat template instead (a Jinja file)"),
    "with_evaluation": Words(
        "转换后测量损失（期间另需一份 BF16 参考文件的空间）", "measure the loss afterwards (needs room for a BF16 file meanwhile)"
    ),
    "smoke": Words("转换后让模型回答这句话", "let the model answer this afterwards"),
    "texts": Words("用来校准的文本文件（UTF-8）", "text files to calibrate on (UTF-8)"),
    "conversations": Words("用自己的对话来校准", "calibrate on your own conversations"),
    "chunks": Words("最多用多少段（每段 512 个词元），0 表示全部", "chunks of 512 tokens at most; 0 = all"),
    "reference": Words("同一模型的 F16 或 BF16 文件", "the F16 or BF16 file of the same model"),
    "evaluation_texts": Words("文本文件，默认用自带的中英文文本", "text files; the bundled Chinese and English ones if not given"),
    "chart": Words("把图表写成 SVG 文件", "write the chart as an SVG file"),
    "model": Words(
        "模型文件的路径、模型库中的名称，或 starter（入门模型）",
        "path of a model file, a name in the library, or starter (the starter model)",
    ),
    "import_model": Words("模型文件的路径，或 starter（入门模型）", "path of a model file, or starter (the starter model)"),
    "prompt": Words("只说这一句，得到回复后退出", "say this, then exit after the reply"),
    "system": Words("系统提示词", "system prompt"),
    "temperature": Words("温度，0 表示总选最可能的词元（默认 0.8）", "temperature; 0 always takes the likeliest token (default 0.8)"),
    "top_k": Words("只保留最可能的 K 个词元，0 表示关闭（默认 40）", "keep the K likeliest tokens; 0 = off (default 40)"),
    "top_p": Words("核采样，1 表示关闭（默认 0.95）", "nucleus sampling; 1 = off (default 0.95)"),
    "min_p": Words(
        "相对于最可能词元的最小概率，0 表示关闭（默认 0.05）", "least probability beside the likeliest's; 0 = off (default 0.05)"
    ),
    "repeat_penalty": Words("重复惩罚，1 表示关闭（默认 1）", "penalty on repetition; 1 = off (default 1)"),
    "seed": Words("随机种子，用于重现结果", "random seed, for the same reply again"),
    "max_tokens": Words("回复最多多少个词元，0 表示不限", "tokens of a reply at most; 0 = no limit"),
    "context": Words("上下文大小（词元），0 表示自动", "context in tokens; 0 = automatic"),
    "gpu_layers": Words("放到 GPU 上的层数，auto 表示尽可能多", "layers on the GPU; auto = as many as fit"),
    "threads": Words("线程数，0 表示物理核心数", "threads; 0 = physical cores"),
    "lora": Words(
        "在模型上叠加的 GGUF 适配器，X 为强度，默认 1（可重复）",
        "add a GGUF adapter to the model; X = how strongly, 1 if not told (repeatable)",
    ),
    "rpc": Words(
        "使用另一台机器上的 RPC 设备（仅限可信网络，可重复）", "use the RPC device of another machine (trusted networks only; repeatable)"
    ),
    "stats": Words("每次回复后在标准错误输出一行 JSON 统计", "after each reply, one JSON line of figures on standard error"),
    "no_greeting": Words("开始时不让模型问好", "do not let the model greet first"),
    "runs": Words("测量次数（默认 3）", "how often to measure (default 3)"),
    "bench_prompt": Words("提示词的词元数（默认 512）", "tokens of the prompt (default 512)"),
    "bench_reply": Words("生成的词元数（默认 128）", "tokens to generate (default 128)"),
    # mistakes in the command
    "not_number": Words("{value} 不是数字", "{value} is not a number"),
    "not_whole": Words("{value} 不是整数", "{value} is not a whole number"),
    "out_of_range": Words("{value} 不在 {low} 到 {high} 之间", "{value} is not between {low} and {high}"),
    "not_address": Words("{value} 不是 主机:端口", "{value} is not HOST:PORT"),
    "not_sizes": Words("{value} 不是 最小-最大，例如 1B-8B", "{value} is not MIN-MAX, such as 1B-8B"),
    "not_sha256": Words("{value} 不是 64 位十六进制的 SHA-256", "{value} is not a SHA-256 of 64 hexadecimal digits"),
    "no_source": Words("没有名为“{name}”的来源，可选：{known}", "there is no source “{name}”, but there are: {known}"),
    "what_to_import": Words("请给出模型文件，或使用 --found", "a model file or --found is needed"),
    "what_to_verify": Words("请给出模型名称，或使用 --all", "the name of a model or --all is needed"),
    "yes_needed": Words("没有人可以询问，需要 --yes", "--yes is needed where nobody can be asked"),
    "mirror_no_token": Words("{source} 是镜像，不会得到令牌", "{source} is a mirror, which gets no token"),
    "no_token": Words("标准输入里没有令牌", "there is no token on standard input"),
    # chat
    "loading": Words("正在载入 {name}", "Loading {name}"),
    "hint": Words("输入 /exit 结束；Ctrl-C 停止当前回复。", "/exit ends the chat; Ctrl-C stops a reply."),
    "hint_exit": Words("输入 /exit 结束，或再按一次 Ctrl-C。", "Type /exit to leave, or press Ctrl-C again."),
    "stopped": Words("（已停止）", "(stopped)"),
    "length": Words("（已达到 --max-tokens）", "(--max-tokens reached)"),
    "context_full": Words("（上下文已满）", "(the context is full)"),
    "greeting_system": Words("你是一个乐于助人的助手。", "You are a helpful assistant."),
    "ask_greeting": Words("你好！请用一句中文向我问好。", "Hello!"),
    "greeting": Words("你好！", "Hello!"),
    # info and list
    "name": Words("名称", "Name"),
    "model_name": Words("模型", "Model"),
    "file": Words("文件", "File"),
    "parts": Words("分卷", "Parts"),
    "size": Words("大小", "Size"),
    "architecture": Words("架构", "Architecture"),
    "parameters": Words("参数量", "Parameters"),
    "quant": Words("量化类型", "Quant type"),
    "trained_context": Words("训练上下文", "Trained context"),
    "layers": Words("层数", "Layers"),
    "embedding": Words("嵌入宽度", "Embedding"),
    "heads": Words("注意力头（KV）", "Heads (KV)"),
    "vocabulary": Words("词表", "Vocabulary"),
    "template": Words("对话模板", "Chat template"),
    "template_own": Words("自带", "its own"),
    "template_none": Words("无（将使用 ChatML）", "none (ChatML is used)"),
    "memory": Words("约需内存", "Memory needed"),
    "memory_at": Words("{memory}（上下文 {context}）", "{memory} (context {context})"),
    "state": Words("状态", "State"),
    "missing": Words("文件不见了", "file missing"),
    "unusable": Words("无法使用", "unusable"),
    "no_models": Words(
        "模型库是空的。用 zhiyin-models pull 下载模型，或用 zhiyin-models import 加入。",
        "The library is empty. Fetch a model with zhiyin-models pull, or add one with: zhiyin-models import",
    ),
    "imported": Words("模型库中已有 {name}。", "{name} is in the library."),
    "origin": Words("来源", "From"),
    "last_used": Words("上次使用", "Last used"),
    "licence": Words("许可证", "Licence"),
    "languages": Words("语言", "Languages"),
    "taken_in": Words("已加入 {count} 个模型，文件留在原处。", "{count} models were added; their files stay where they are."),
    "looking": Words("正在查找其他应用的模型", "Looking for models of other apps"),
    "nothing_elsewhere": Words("没有找到其他应用的模型。", "No models of other apps were found."),
    "ask_remove": Words("把 {name}（{size}）移到回收站？[y/N] ", "Move {name} ({size}) to the trash? [y/N] "),
    "ask_forget": Words(
        "把 {name}（{size}）从模型库中去掉（文件留在原处）？[y/N] ", "Take {name} ({size}) out of the library (its file stays)? [y/N] "
    ),
    "trashed": Words("{name} 已移到回收站，原来的位置：{path}", "{name} is in the trash. It was at {path}"),
    "forgotten": Words("{name} 已不在模型库中，文件仍在：{path}", "{name} is no longer in the library. Its file stays at {path}"),
    "verified": Words("{name} 完好。", "{name} is as it should be."),
    # hubs
    "asking": Words("正在询问模型网站", "Asking the hub"),
    "repository": Words("仓库", "Repository"),
    "downloads": Words("下载", "Downloads"),
    "likes": Words("喜欢", "Likes"),
    "access": Words("访问", "Access"),
    "access_gated": Words("须先接受许可", "licence to accept"),
    "access_private": Words("私有", "private"),
    "address": Words("网址", "Address"),
    "found_at": Words(
        "{source} 上的 {count} 个结果。下载：zhiyin-models pull 仓库", "{count} found at {source}. To fetch one: zhiyin-models pull REPO"
    ),
    "found_nothing": Words("在 {source} 上没有找到。", "Nothing was found at {source}."),
    "found_no_more": Words("{source} 上没有更多结果了。", "There is nothing more at {source}."),
    "found_more": Words("还有更多，请加：--page {page}", "There is more, with: --page {page}"),
    "stood_in": Words("没有用 {source}，由其他来源代替：{why}", "{source} was not used, and another source stood in: {why}"),
    "switched_off": Words("未启用", "switched off"),
    "answers_in": Words("正常，{milliseconds} 毫秒", "answers in {milliseconds} ms"),
    "ask_token": Words("{source} 的令牌（不会显示）：", "Token of {source} (it is not shown): "),
    "token_kept": Words("已保存 {source} 的令牌。", "The token of {source} is kept."),
    "token_gone": Words("已删除 {source} 的令牌。", "The token of {source} is forgotten."),
    "pulled": Words("{name} 已在模型库中：{path}", "{name} is in the library: {path}"),
    "chat_with": Words("开始对话：{command}", "Chat with it: {command}"),
    "pulled_checkpoint": Words("检查点已下载到 {path}；转换：{command}", "The checkpoint is in {path}. Convert it: {command}"),
    "what_is_there_stays": Words(
        "已下载的部分会保留，再次运行同一命令即可继续。", "What was fetched is kept: the same command goes on with it."
    ),
    "beside_other_revision": Words(
        "模型库中的 {name} 来自另一个版本，会保留；这个版本放入 {folder}",
        "{name} in the library is of another revision and stays; this one goes into {folder}",
    ),
    "model_in_the_way": Words(
        "{path} 已在模型库中，但与要下载的文件不同；请先移走它：{command}",
        "{path} is in the library, but it is not the file to be fetched. Take it away first: {command}",
    ),
    "file_in_the_way": Words(
        "{path} 已经存在，与要下载的文件不同，不会覆盖；请先移走它，或用 --folder 指定其他文件夹。",
        "{path} is there already, is not the file to be fetched, and is not overwritten. Move it away, or choose another --folder.",
    ),
    "several": Words("“{wanted}”不止一个，请给出名称：{names}", "“{wanted}” is more than one, so name one: {names}"),
    "a_checkpoint": Words("一个检查点（不加 : 即可下载）", "a checkpoint (fetched without the colon)"),
    "no_models_there": Words("没有模型文件", "no model files"),
    "no_usual": Words("没有 {usual}，改用 {chosen}（{size}）。", "There is no {usual}; {chosen} ({size}) is taken instead."),
    "usual_too_big": Words(
        "{usual}（{usual_size}）在这台电脑上放不下，改用放得下的最好的 {chosen}（{size}）。",
        "{usual} ({usual_size}) does not fit this computer; {chosen} ({size}) is the best that does.",
    ),
    "nothing_fits": Words(
        "{name} 没有这台电脑放得下的文件；仍要下载的话，请在冒号后写明：{there}",
        "nothing of {name} fits this computer; to fetch one all the same, name it behind a colon: {there}",
    ),
    # devices and bench
    "device": Words("设备", "Device"),
    "description": Words("说明", "Description"),
    "kind": Words("类型", "Kind"),
    "backend": Words("后端", "Backend"),
    "free_memory": Words("空闲 / 全部内存", "Free / total memory"),
    "measuring": Words("第 {run} 次，共 {runs} 次", "Run {run} of {runs}"),
    "prefill": Words("预填充", "Prefill"),
    "decode": Words("生成", "Decode"),
    "first_token": Words("首个词元", "First token"),
    "tokens_per_second": Words("{median} 词元/秒（{low} – {high}）", "{median} tokens/s ({low} – {high})"),
    "seconds": Words("{seconds} 秒", "{seconds} s"),
    "gpu": Words("GPU 上的层", "Layers on GPU"),
    "thread_count": Words("线程", "Threads"),
    "no_figures": Words("模型没有生成足够的词元，无法测量。", "The model generated too few tokens to measure."),
    # conversion and evaluation
    "stage_read": Words("读取", "Reading"),
    "stage_convert": Words("转换", "Converting"),
    "stage_prove": Words("验证分词器", "Proving the tokenizer"),
    "stage_calibrate": Words("校准", "Calibrating"),
    "stage_evaluate": Words("测量", "Measuring"),
    "stage_download": Words("下载", "Downloading"),
    "stage_wait": Words("等待网络", "Waiting for the network"),
    "stage_hash": Words("校验", "Checking"),
    "stage_copy": Words("复制", "Copying"),
    "stage_measure": Words("测速", "Measuring the speed"),
    "stage_smoke": Words("试答", "Trying"),
    "time_left": Words("剩余 {time}", "{time} left"),
    "time_until": Words("{time} 后重试", "again in {time}"),
    "amount_of": Words("{done}（共 {total}）", "{done} of {total}"),
    "amount_a_second": Words("每秒 {amount}", "{amount}/s"),
    "dtype": Words("数值类型", "Value type"),
    "tokenizer": Words("分词器", "Tokenizer"),
    "adapter_name": Words("适配器", "Adapter"),
    "adapter_line": Words(
        "{kind}，秩 {rank}，alpha {alpha}，涉及 {tensors} 个张量", "{kind}, rank {rank}, alpha {alpha}, {tensors} tensors"
    ),
    "type": Words("类型", "Type"),
    "file_size": Words("文件大小", "File size"),
    "memory_column": Words("内存（{context}）", "Memory at {context}"),
    "one_file": Words("{path} 只能是一个文件，多种类型请给出文件夹", "{path} is one file: give a folder for several types"),
    "no_texts": Words("需要 --text 或 --conversations", "--text or --conversations is needed"),
    "written": Words("已写入 {path}（{size}）", "{path} is written ({size})"),
    "smoke_answer": Words("对“{prompt}”的回答：", "Its answer to “{prompt}”:"),
    "perplexity": Words("困惑度", "Perplexity"),
    "perplexity_of": Words("困惑度 {text}（{tokens} 个词元）", "Perplexity {text} ({tokens} tokens)"),
    "divergence": Words("平均 KL 散度", "Mean KL divergence"),
    "divergence_99": Words("99% 的 KL 散度小于", "99 % KL divergence"),
    "agreement": Words("首选词元一致", "Same top token"),
    # ends
    "exit_code": Words("退出码 {code}", "exit code {code}"),
    "library_failed": Words(
        "无法写入模型库 {path}（{detail}），请检查权限和磁盘，或用 --data-dir 指定其他文件夹。",
        "The library in {path} cannot be written ({detail}). Check its permissions and the disk, or choose another --data-dir.",
    ),
    "no_output": Words(
        "无法写入标准输出（{detail}），请检查磁盘空间和重定向。",
        "Standard output cannot be written to ({detail}). Check the disk and where the output goes.",
    ),
    "bug": Words(
        "程序内部出错（{detail}），请重试；若再次发生，请报告这个问题。",
        "Something went wrong inside the program ({detail}). Try again; if it happens again, please report it.",
    ),
}

# What argparse says of a wrong command, for it knows English only.
USAGE_ERRORS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"argument ([^:]+): invalid choice: (.+) \(choose from (.+)\)"), r"\1 不能是 \2（可选：\3）"),
    (re.compile(r"argument ([^:]+): expected one argument"), r"\1 缺少值"),
    (re.compile(r"argument ([^:]+): not allowed with argument (.+)"), r"\1 不能与 \2 同用"),
    (re.compile(r"argument ([^:]+): ignored explicit argument (.+)"), r"\1 不接受值 \2"),
    (re.compile(r"argument ([^:]+): (.+)"), r"\1：\2"),
    (re.compile(r"the following arguments are required: (.+)"), r"缺少参数 \1"),
    (re.compile(r"unrecognized arguments: (.+)"), r"无法识别的参数 \1"),
    (re.compile(r"ambiguous option: (.+) could match (.+)"), r"\1 有歧义，可能是 \2"),
)


def text(code: Code, lang: Language, args: Mapping[str, Argument]) -> str:
    """The sentence for a code. An argument that is missing costs its word, never the sentence."""
    shown = _Shown({name: _argument(code, name, value, lang) for name, value in args.items()})
    return EMPTY_BRACKETS.sub("", SENTENCES[code].of(lang).format_map(shown))


def phrase(key: str, lang: Language, **args: Argument) -> str:
    """One of the other lines."""
    return PHRASES[key].of(lang).format(**args)


def usage_error(message: str, lang: Language) -> str:
    """What argparse says, in the language of the user where its words are known."""
    if lang == "zh":
        for pattern, words in USAGE_ERRORS:
            if pattern.fullmatch(message):
                return pattern.sub(words, message)
    return message


def size_text(size: int) -> str:
    """Bytes as people say them: 94.6 MB (of 1024² bytes, as the window shows them)."""
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TB"


def one_line(words: str) -> str:
    """Words from outside without control characters and line breaks: they cannot steer a terminal."""
    return " ".join("".join(char if char.isprintable() else " " for char in words).split())


class _Shown(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def _argument(code: Code, name: str, value: Argument, lang: Language) -> str:
    if code == Code.SOURCE_SWITCHED and name == "detail" and value in REASONS:
        return REASONS[str(value)].of(lang)
    if isinstance(value, str):
        words = value.strip().rsplit("\n", 1)[-1] if name == "detail" else value  # of a log, the last line says most
        return one_line(words) if name == "path" else one_line(words)[:LONGEST_DETAIL]
    if name in SIZES or (code == Code.LINE_TOO_LONG and name == "limit"):
        return size_text(int(value))
    if code == Code.ENGINE_DIED and name == "reason":
        return phrase("exit_code", lang, code=value)
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"
