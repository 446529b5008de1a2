"""Puts a failure into the user's words: one sentence that says what happened and what to do."""

import errno
import logging
import os
import re
from collections.abc import Mapping

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QLocale

from zhiyin.prompt.errors import CardCode, CardDetail
from zhiyin.store.errors import StoreCode
from zhiyin_models.errors import Argument, Code

log = logging.getLogger(__name__)

SENTENCES: Mapping[str, object] = {
    CardCode.UNREADABLE: QT_TRANSLATE_NOOP("Errors", "{path} cannot be read ({detail}). Check its permissions and the disk."),
    CardCode.NONE: QT_TRANSLATE_NOOP("Errors", "There is no character card in {path}. Choose the file that was made for download."),
    CardCode.DAMAGED: QT_TRANSLATE_NOOP("Errors", "{path} cannot be read as a card ({detail}). Get the file anew."),
    CardCode.TOO_LARGE: QT_TRANSLATE_NOOP("Errors", "{path} is too large for a card: at most {size} are read. Get a smaller one."),
    CardCode.EMPTY: QT_TRANSLATE_NOOP("Errors", "{path} is empty. Get the file anew."),
    CardCode.NOT_FILE: QT_TRANSLATE_NOOP("Errors", "{path} is not a file. Choose a file with a card."),
    CardCode.CHANGING: QT_TRANSLATE_NOOP("Errors", "{path} is being changed by another program. Try again in a moment."),
    CardCode.TOO_DEEP: QT_TRANSLATE_NOOP(
        "Errors", "{path} is nested too deeply for a card, so nothing of it was taken. Get it from elsewhere."
    ),
    CardCode.UNSAFE: QT_TRANSLATE_NOOP("Errors", "{path} is not safe to open ({detail}). Nothing of it was taken; get it from elsewhere."),
    CardCode.WRITE_FAILED: QT_TRANSLATE_NOOP("Errors", "{path} cannot be written ({detail}). Choose another place."),
    CardCode.PICTURE_BAD: QT_TRANSLATE_NOOP("Errors", "{path} cannot be used as a picture ({detail}). Choose a PNG, JPEG or WebP file."),
    CardCode.BOOK_BAD: QT_TRANSLATE_NOOP("Errors", "{path} cannot be read as a lorebook ({detail}). Choose another file."),
    CardCode.TASK_BAD: QT_TRANSLATE_NOOP("Errors", "{path} cannot be read as a task ({detail}). Choose another file."),
    CardCode.IMPORT_DIED: QT_TRANSLATE_NOOP("Errors", "Reading cards ended unexpectedly ({detail}). Try again; what was imported is kept."),
    Code.MODEL_MISSING: QT_TRANSLATE_NOOP(
        "Errors", "The model file {path} is not there any more. Choose another model, or put the file back."
    ),
    Code.MODEL_UNREADABLE: QT_TRANSLATE_NOOP(
        "Errors", "The model file {path} cannot be read ({detail}). Check its permissions and the disk."
    ),
    Code.MODEL_IS_FOLDER: QT_TRANSLATE_NOOP("Errors", "{path} is a folder and no model file. If it is a checkpoint, convert it first."),
    Code.MODEL_NOT_GGUF: QT_TRANSLATE_NOOP(
        "Errors", "{path} is not a GGUF model, or its download failed. Choose another file, or download it again."
    ),
    Code.MODEL_GGUF_VERSION: QT_TRANSLATE_NOOP(
        "Errors", "{path} is a GGUF file of version {version}, which is not supported. Download a newer file."
    ),
    Code.MODEL_TRUNCATED: QT_TRANSLATE_NOOP("Errors", "{path} is incomplete: {actual} of {expected} are there. Download it again."),
    Code.MODEL_DAMAGED: QT_TRANSLATE_NOOP("Errors", "{path} is damaged ({detail}). Download it again."),
    Code.MODEL_SPLIT_MISSING: QT_TRANSLATE_NOOP("Errors", "Part {part} of the model {path} is missing. Put all parts into one folder."),
    Code.MODEL_UNKNOWN_ARCHITECTURE: QT_TRANSLATE_NOOP(
        "Errors", "{path} has the architecture “{architecture}”, which this version cannot run. Choose another model, or update Zhiyin."
    ),
    Code.MODEL_NOT_CHAT: QT_TRANSLATE_NOOP("Errors", "{path} ({architecture}) is not a model that can chat. Choose a chat model."),
    Code.MODEL_TOO_BIG: QT_TRANSLATE_NOOP(
        "Errors", "{path} needs about {need} of memory and {free} are free. Close other programs, or choose a smaller model."
    ),
    Code.MODEL_LOAD_FAILED: QT_TRANSLATE_NOOP(
        "Errors", "{path} could not be loaded ({detail}). Choose another model, or download it again."
    ),
    Code.MODEL_UNKNOWN_NAME: QT_TRANSLATE_NOOP("Errors", "There is no model “{name}” in the library. Choose another model."),
    Code.MODEL_DELETED: QT_TRANSLATE_NOOP(
        "Errors", "The file {path} of the loaded model has been deleted. You can go on until the model is unloaded; then put the file back."
    ),
    Code.MODEL_NONE_LOADED: QT_TRANSLATE_NOOP("Errors", "No model is loaded. Choose a model first."),
    Code.TEMPLATE_MISSING: QT_TRANSLATE_NOOP("Errors", "This model brings no chat template, so ChatML is used. Its answers may be odd."),
    Code.TEMPLATE_FAILED: QT_TRANSLATE_NOOP("Errors", "The model's chat template failed ({detail}). Choose another model."),
    Code.TEMPLATE_TOO_SLOW: QT_TRANSLATE_NOOP("Errors", "The model's chat template did not end within {seconds} s. Choose another model."),
    Code.TEMPLATE_TOO_LARGE: QT_TRANSLATE_NOOP(
        "Errors", "The model's chat template writes more than {limit} characters. Choose another model."
    ),
    Code.TEMPLATE_NO_CONTINUE: QT_TRANSLATE_NOOP(
        "Errors", "This model's chat template cannot continue a reply. Write the reply anew instead."
    ),
    Code.MESSAGE_TOO_LONG: QT_TRANSLATE_NOOP(
        "Errors",
        "The message has {tokens} tokens and {limit} fit: {over} too many. Shorten it, send it in parts, or set a larger context.",
    ),
    Code.CONTEXT_DROPPED: QT_TRANSLATE_NOOP("Errors", "The context is full: the {turns} oldest turns were left out."),
    Code.CONTEXT_REDUCED: QT_TRANSLATE_NOOP("Errors", "The context is {given} tokens instead of {wanted}: more does not fit into memory."),
    Code.ENGINE_START_FAILED: QT_TRANSLATE_NOOP("Errors", "The engine could not be started ({detail}). Install Zhiyin again."),
    Code.ENGINE_DIED: QT_TRANSLATE_NOOP(
        "Errors", "The engine ended unexpectedly ({reason}). What was written is kept; load the model again to go on."
    ),
    Code.ENGINE_SILENT: QT_TRANSLATE_NOOP(
        "Errors", "The engine did not answer for {seconds} s and was ended. Load the model again to go on."
    ),
    Code.ENGINE_VERSION: QT_TRANSLATE_NOOP("Errors", "The engine speaks version {theirs} and the window {ours}. Install Zhiyin again."),
    Code.ENGINE_FAILED: QT_TRANSLATE_NOOP("Errors", "The engine failed ({detail}). Load the model again; if it goes on, choose another."),
    Code.DECODE_FAILED: QT_TRANSLATE_NOOP("Errors", "The model could not go on ({detail}). Load the model again."),
    Code.DEVICE_UNREACHABLE: QT_TRANSLATE_NOOP(
        "Errors", "The device at {address} cannot be reached. Check that its server runs, or remove it."
    ),
    Code.GPU_NOT_BUILT: QT_TRANSLATE_NOOP(
        "Errors", "The GPU is not used: this build of the engine cannot use the {maker} card. Install its toolkit, then set up again."
    ),
    Code.GPU_NO_ROOM: QT_TRANSLATE_NOOP(
        "Errors", "The GPU is not used: too little memory is free on {device}. Close other programs, or choose a smaller model."
    ),
    Code.SOURCE_MISSING: QT_TRANSLATE_NOOP(
        "Errors",
        "There is nothing at {path}. Check the path.",
    ),
    Code.SOURCE_UNREADABLE: QT_TRANSLATE_NOOP(
        "Errors",
        "{path} cannot be read ({detail}). Check its permissions and the disk.",
    ),
    Code.SOURCE_NOT_CHECKPOINT: QT_TRANSLATE_NOOP(
        "Errors",
        "{path} is no Hugging Face checkpoint: there is no config.json with weights in it. Choose the folder that the fine-tuning wrote.",
    ),
    Code.SOURCE_CHANGED: QT_TRANSLATE_NOOP(
        "Errors",
        "{path} was changed while it was being read, so nothing was written. Wait until nothing writes there, then try again.",
    ),
    Code.FAMILY_UNSUPPORTED: QT_TRANSLATE_NOOP(
        "Errors",
        "The architecture “{architecture}” is not supported. Supported are: {detail}.",
    ),
    Code.WINDOW_IGNORED: QT_TRANSLATE_NOOP(
        "Errors",
        "The model's sliding window of {tokens} tokens is not applied. In longer conversations its answers may get worse.",
    ),
    Code.CONFIG_BAD: QT_TRANSLATE_NOOP(
        "Errors",
        "“{name}” in {path} is not supported or cannot be right ({detail}). Check that the checkpoint is whole, or use another.",
    ),
    Code.SHARD_MISSING: QT_TRANSLATE_NOOP(
        "Errors",
        "The weight file {path} is missing. Download or copy the checkpoint again.",
    ),
    Code.SHARD_TRUNCATED: QT_TRANSLATE_NOOP(
        "Errors",
        "The weight file {path} is incomplete: {actual} of {expected} are there. Download it again.",
    ),
    Code.SHARD_DAMAGED: QT_TRANSLATE_NOOP(
        "Errors",
        "The weight file {path} is damaged ({detail}). Download it again.",
    ),
    Code.SHARD_OUTSIDE: QT_TRANSLATE_NOOP(
        "Errors",
        "The index names {path}, which lies outside of the checkpoint's folder, so it is refused. Use checkpoints that you trust.",
    ),
    Code.PICKLE_REFUSED: QT_TRANSLATE_NOOP(
        "Errors",
        "{path} wants to run “{name}”, so it is refused. Use the checkpoint's safetensors files instead.",
    ),
    Code.TENSOR_MISSING: QT_TRANSLATE_NOOP(
        "Errors",
        "The tensor “{name}” is missing from the checkpoint. Check that all of it was downloaded.",
    ),
    Code.TENSOR_EXTRA: QT_TRANSLATE_NOOP(
        "Errors",
        "The tensor “{name}” is unknown to this architecture, so the model would be wrong. If it is of an adapter, add it as one.",
    ),
    Code.TENSOR_SHAPE: QT_TRANSLATE_NOOP(
        "Errors",
        "The tensor “{name}” is {actual}, but the configuration asks for {wanted}. Check that config.json belongs to these weights.",
    ),
    Code.TENSOR_TYPE: QT_TRANSLATE_NOOP(
        "Errors",
        "The tensor “{name}” has the type {detail}, which is not supported. Use a checkpoint that is not quantized (F32, F16 or BF16).",
    ),
    Code.TENSOR_NOT_FINITE: QT_TRANSLATE_NOOP(
        "Errors",
        "The tensor “{name}” holds NaN or infinity: the training probably diverged. Use another checkpoint.",
    ),
    Code.TOKENIZER_MISSING: QT_TRANSLATE_NOOP(
        "Errors",
        "There is no tokenizer (tokenizer.json or tokenizer.model) in {path}. Copy it there from the base model.",
    ),
    Code.TOKENIZER_BAD: QT_TRANSLATE_NOOP(
        "Errors",
        "The tokenizer {path} cannot be read ({detail}). Copy it again from the base model.",
    ),
    Code.TOKENIZER_UNSUPPORTED: QT_TRANSLATE_NOOP(
        "Errors",
        "This tokenizer is not supported ({detail}). Use another checkpoint.",
    ),
    Code.TOKENIZER_DIFFERS: QT_TRANSLATE_NOOP(
        "Errors",
        "The converted tokenizer differs from the source's, so the conversion was ended: “{detail}” should be {wanted} and is {given}.",
    ),
    Code.TOKENIZER_NORMALISED: QT_TRANSLATE_NOOP(
        "Errors",
        "The source's tokenizer rewrites some Unicode text (such as “{detail}”); the converted model does not.",
    ),
    Code.TOKENIZER_SPACES: QT_TRANSLATE_NOOP(
        "Errors",
        "The source's tokenizer treats spaces beside special tokens (such as “{detail}”) differently from the converted model.",
    ),
    Code.TEMPLATE_BAD: QT_TRANSLATE_NOOP(
        "Errors",
        "The chat template {path} cannot be used ({detail}). Choose another.",
    ),
    Code.ADAPTER_BAD: QT_TRANSLATE_NOOP(
        "Errors",
        "The adapter {path} cannot be read ({detail}). Download or export it again.",
    ),
    Code.ADAPTER_OTHER_BASE: QT_TRANSLATE_NOOP(
        "Errors",
        "The adapter {path} belongs to another base: “{name}” does not fit ({detail}). Choose the base that it was trained on.",
    ),
    Code.ADAPTER_UNSUPPORTED: QT_TRANSLATE_NOOP(
        "Errors",
        "The adapter {path} uses what is not supported ({detail}). Merge it with the tool that trained it first.",
    ),
    Code.ADAPTER_NOT_ALONE: QT_TRANSLATE_NOOP(
        "Errors",
        "The adapter {path} cannot be written as a GGUF adapter ({detail}). Merge it into its base instead.",
    ),
    Code.TYPE_UNKNOWN: QT_TRANSLATE_NOOP(
        "Errors",
        "There is no quantization type “{name}”. There are: {detail}.",
    ),
    Code.TYPE_NEEDS_IMATRIX: QT_TRANSLATE_NOOP(
        "Errors",
        "The type {name} needs an importance matrix. Calibrate the model first.",
    ),
    Code.ALREADY_QUANTIZED: QT_TRANSLATE_NOOP(
        "Errors",
        "{path} is quantized already ({name}), and quantizing it again would lose quality. Use an F32, F16 or BF16 file.",
    ),
    Code.IMATRIX_BAD: QT_TRANSLATE_NOOP(
        "Errors",
        "The importance matrix {path} cannot be read ({detail}). Make it again.",
    ),
    Code.IMATRIX_OTHER: QT_TRANSLATE_NOOP(
        "Errors",
        "The importance matrix {path} was made for another model: “{name}” does not fit. Make one for this model.",
    ),
    Code.TEXT_TOO_SHORT: QT_TRANSLATE_NOOP(
        "Errors",
        "The text has {tokens} tokens and at least {wanted} are needed. Give more text.",
    ),
    Code.TEXT_UNREADABLE: QT_TRANSLATE_NOOP(
        "Errors",
        "The text {path} cannot be read ({detail}). Use a text file in UTF-8.",
    ),
    Code.REFERENCE_OTHER: QT_TRANSLATE_NOOP(
        "Errors",
        "The vocabulary of {path} differs from the model's, so it cannot be the reference. Choose the F16 or BF16 file of the same model.",
    ),
    Code.OUTPUT_EXISTS: QT_TRANSLATE_NOOP(
        "Errors",
        "{path} is there already and is not overwritten. Choose another name, or move it away first.",
    ),
    Code.OUTPUT_UNWRITABLE: QT_TRANSLATE_NOOP(
        "Errors",
        "{path} cannot be written ({detail}). Check its permissions, or choose another folder.",
    ),
    Code.OUTPUT_BUSY: QT_TRANSLATE_NOOP(
        "Errors",
        "Another task or program is writing {path}. Wait until it ends, or choose another name.",
    ),
    Code.DISK_SMALL: QT_TRANSLATE_NOOP(
        "Errors",
        "The disk of {path} needs {need} and has {free} free. Free some space, or choose another place.",
    ),
    Code.DISK_FULL: QT_TRANSLATE_NOOP(
        "Errors",
        "The disk of {path} is full; no half file is left. Free some space, then try again.",
    ),
    Code.DOWNLOAD_DISK_FULL: QT_TRANSLATE_NOOP(
        "Errors",
        "The disk of {path} is full. What was downloaded stays; free some space, then resume.",
    ),
    Code.MEASURING_STOPPED: QT_TRANSLATE_NOOP("Errors", "Measuring was stopped; the model is finished and is kept."),
    Code.NETWORK_UNREACHABLE: QT_TRANSLATE_NOOP(
        "Errors", "{address} cannot be reached ({detail}). Check the network and the proxy, or choose another source."
    ),
    Code.NETWORK_STALLED: QT_TRANSLATE_NOOP(
        "Errors", "{address} has sent nothing for {seconds} s. Try again later, or choose another source."
    ),
    Code.NETWORK_PROXY: QT_TRANSLATE_NOOP("Errors", "The proxy {address} cannot be used ({detail}). Check the proxy in the settings."),
    Code.NETWORK_CERTIFICATE: QT_TRANSLATE_NOOP(
        "Errors", "The certificate of {address} cannot be trusted ({detail}). Check the computer's clock and the network."
    ),
    Code.NETWORK_REDIRECTS: QT_TRANSLATE_NOOP(
        "Errors", "{address} redirects without end, or to an insecure connection. Choose another source."
    ),
    Code.HUB_OFFLINE: QT_TRANSLATE_NOOP("Errors", "Offline mode is on. Switch it off in the settings first."),
    Code.HUB_BUSY: QT_TRANSLATE_NOOP("Errors", "{address} gets too many requests. Try again in {seconds} s."),
    Code.HUB_SERVER: QT_TRANSLATE_NOOP("Errors", "{address} has trouble ({detail}). Try again later, or choose another source."),
    Code.HUB_ANSWER_BAD: QT_TRANSLATE_NOOP("Errors", "What {address} answers cannot be understood ({detail}). Choose another source."),
    Code.HUB_NOT_FOUND: QT_TRANSLATE_NOOP("Errors", "There is no {name} at {address}. Check the name."),
    Code.HUB_GATED: QT_TRANSLATE_NOOP(
        "Errors", "{name} wants its licence accepted first: sign in at {address}, accept it, and enter your token in the settings."
    ),
    Code.HUB_TOKEN_NEEDED: QT_TRANSLATE_NOOP(
        "Errors", "{name} can only be downloaded with an account at {address}. Enter your token in the settings."
    ),
    Code.HUB_TOKEN_REFUSED: QT_TRANSLATE_NOOP(
        "Errors", "{address} does not accept the token; it may have expired or been revoked. Enter a new one in the settings."
    ),
    Code.HUB_NOTHING: QT_TRANSLATE_NOOP("Errors", "{name} has no such file. There are: {detail}."),
    Code.HUB_NO_SOURCE: QT_TRANSLATE_NOOP("Errors", "No source is switched on. Switch one on in the settings."),
    Code.HUB_DIED: QT_TRANSLATE_NOOP("Errors", "The process that asks the sources ended ({detail}). Try again."),
    Code.ADDRESS_BAD: QT_TRANSLATE_NOOP("Errors", "{address} is not an address that can be used. Begin it with http:// or https://."),
    Code.FILE_NAME_BAD: QT_TRANSLATE_NOOP(
        "Errors", "The file name “{name}” is not safe, so it was not downloaded. Choose another repository."
    ),
    Code.FILE_CHANGED: QT_TRANSLATE_NOOP("Errors", "{name} changed at {address} while it was downloaded. Download it again."),
    Code.FILE_LENGTH: QT_TRANSLATE_NOOP("Errors", "{name} has the wrong length: {actual} instead of {expected}. Choose another source."),
    Code.CHECKSUM_DIFFERS: QT_TRANSLATE_NOOP(
        "Errors", "The checksum of {name} from {address} is wrong, so it was not taken into the library. Try again with another source."
    ),
    Code.SOURCE_SWITCHED: QT_TRANSLATE_NOOP("Errors", "{address} did not serve {name} ({detail}), so another source stood in."),
    Code.TOKEN_IN_FILE: QT_TRANSLATE_NOOP("Errors", "This system has no keyring. The token is kept in {path}, which only you can read."),
    Code.VERIFY_DIFFERS: QT_TRANSLATE_NOOP(
        "Errors", "{path} is not what was downloaded; it may be damaged. Move it to the trash, then download it again."
    ),
    Code.VERIFY_KEPT: QT_TRANSLATE_NOOP("Errors", "No checksum was known of {path}; the present one is kept for the next time."),
    Code.NAME_TAKEN: QT_TRANSLATE_NOOP("Errors", "There is a model “{name}” already. Choose another name."),
    Code.NAME_BAD: QT_TRANSLATE_NOOP("Errors", "“{name}” cannot be a name. Choose another."),
    Code.TRASH_FAILED: QT_TRANSLATE_NOOP("Errors", "{path} could not be moved to the trash ({detail}). Delete it by hand."),
    Code.FOLDER_BAD: QT_TRANSLATE_NOOP("Errors", "The folder {path} cannot be used ({detail}). Choose another."),
    Code.LIBRARY_BUSY: QT_TRANSLATE_NOOP("Errors", "The library {path} is held by another program. Try again in a moment."),
    Code.LIBRARY_UNWRITABLE: QT_TRANSLATE_NOOP(
        "Errors", "The library {path} cannot be written ({detail}). Check its permissions and the disk."
    ),
    Code.LIBRARY_DAMAGED: QT_TRANSLATE_NOOP(
        "Errors",
        "The list of models was damaged. What could be read of it stays; the rest may lack names, notes and origins. It is kept as {path}.",
    ),
    Code.JOB_DIED: QT_TRANSLATE_NOOP(
        "Errors",
        "The job ended unexpectedly: {reason} ({detail}). Start it again: it goes on where it was.",
    ),
    Code.JOB_MISSING: QT_TRANSLATE_NOOP(
        "Errors",
        "There is no job “{name}”.",
    ),
    Code.JOB_FAILED: QT_TRANSLATE_NOOP(
        "Errors",
        "Something went wrong inside the job ({detail}). Try again; if it happens again, please report it.",
    ),
    Code.REQUEST_BAD: QT_TRANSLATE_NOOP("Errors", "The engine did not understand a request ({detail}). Install Zhiyin again."),
    Code.LINE_TOO_LONG: QT_TRANSLATE_NOOP("Errors", "The conversation is too large to be sent (more than {limit}). Shorten it."),
    StoreCode.DISK_FULL: QT_TRANSLATE_NOOP(
        "Errors", "The disk that holds {path} is full: nothing can be saved. Free some space; nothing that was saved is lost."
    ),
    StoreCode.READ_ONLY: QT_TRANSLATE_NOOP(
        "Errors",
        "{path} cannot be written to, so conversations cannot be saved. Check its permissions, or start Zhiyin with another --data-dir.",
    ),
    StoreCode.LOCKED: QT_TRANSLATE_NOOP("Errors", "Another program is using {path}. Close it, then try again."),
    StoreCode.DAMAGED: QT_TRANSLATE_NOOP(
        "Errors", "The conversations in {path} are damaged. The damaged file is kept; you can go back to the last good backup."
    ),
    StoreCode.NEWER: QT_TRANSLATE_NOOP(
        "Errors", "{path} was written by a newer Zhiyin (format {found}; this one knows {known}). Update Zhiyin; nothing was changed."
    ),
    StoreCode.IO: QT_TRANSLATE_NOOP("Errors", "The disk refused to read or write {path} ({detail}). Check the disk, then try again."),
    StoreCode.DATA_DIR: QT_TRANSLATE_NOOP(
        "Errors", "The data folder {path} cannot be used ({detail}). Check its permissions, or start Zhiyin with another --data-dir."
    ),
    StoreCode.MISSING: QT_TRANSLATE_NOOP("Errors", "What you asked for is not there any more."),
    StoreCode.GROWING: QT_TRANSLATE_NOOP("Errors", "This reply is still being written. Stop it first."),
    StoreCode.CLOSED: QT_TRANSLATE_NOOP("Errors", "The conversations are closed. Start Zhiyin again."),
    StoreCode.FAILED: QT_TRANSLATE_NOOP("Errors", "{path} could not be used ({detail}). Start Zhiyin again."),
    Code.USAGE: QT_TRANSLATE_NOOP("Errors", "The command was not understood ({detail})."),
}

# Why a source was left: codes without a detail of their own.
REASONS: Mapping[str, object] = {
    Code.CHECKSUM_DIFFERS: QT_TRANSLATE_NOOP("Errors", "the checksum is wrong"),
    Code.FILE_LENGTH: QT_TRANSLATE_NOOP("Errors", "the length is wrong"),
    Code.FILE_CHANGED: QT_TRANSLATE_NOOP("Errors", "the file changed"),
    Code.NETWORK_STALLED: QT_TRANSLATE_NOOP("Errors", "nothing came"),
    Code.HUB_BUSY: QT_TRANSLATE_NOOP("Errors", "too many requests"),
    Code.HUB_NOT_FOUND: QT_TRANSLATE_NOOP("Errors", "no such file"),
    Code.HUB_GATED: QT_TRANSLATE_NOOP("Errors", "the licence is not accepted"),
    Code.HUB_TOKEN_NEEDED: QT_TRANSLATE_NOOP("Errors", "an account is needed"),
    Code.HUB_TOKEN_REFUSED: QT_TRANSLATE_NOOP("Errors", "the token is not accepted"),
    Code.NETWORK_REDIRECTS: QT_TRANSLATE_NOOP("Errors", "it redirects wrongly"),
}

# Details that stand in brackets: our own, and the commonest of the system, which speaks English.
DETAILS: Mapping[str, object] = {
    CardDetail.CUT: QT_TRANSLATE_NOOP("Errors", "the file breaks off"),
    CardDetail.JSON: QT_TRANSLATE_NOOP("Errors", "the JSON is broken at line {line}"),
    CardDetail.NOT_UTF8: QT_TRANSLATE_NOOP("Errors", "the text is not UTF-8"),
    CardDetail.NUMBER: QT_TRANSLATE_NOOP("Errors", "a number in it is none"),
    CardDetail.NOT_OBJECT: QT_TRANSLATE_NOOP("Errors", "the JSON is no object"),
    CardDetail.DEEP: QT_TRANSLATE_NOOP("Errors", "it is nested too deeply"),
    CardDetail.NO_ENTRIES: QT_TRANSLATE_NOOP("Errors", "there are no entries"),
    CardDetail.PACKING: QT_TRANSLATE_NOOP("Errors", "the packed text is damaged"),
    CardDetail.ARCHIVE: QT_TRANSLATE_NOOP("Errors", "the archive is damaged"),
    CardDetail.ARCHIVE_CUT: QT_TRANSLATE_NOOP("Errors", "the archive breaks off"),
    CardDetail.ARCHIVE_HUGE: QT_TRANSLATE_NOOP("Errors", "the archive lists too many files"),
    CardDetail.ARCHIVE_LOCKED: QT_TRANSLATE_NOOP("Errors", "the archive is encrypted"),
    CardDetail.CHUNKS: QT_TRANSLATE_NOOP("Errors", "the picture has too many parts"),
    CardDetail.MEMORY: QT_TRANSLATE_NOOP("Errors", "it takes too much memory"),
    CardDetail.INSIDE: QT_TRANSLATE_NOOP("Errors", "a fault in the program; the log has more"),
    CardDetail.PICTURE_KIND: QT_TRANSLATE_NOOP("Errors", "no picture of a known kind"),
    CardDetail.PICTURE_DAMAGED: QT_TRANSLATE_NOOP("Errors", "the picture is damaged"),
    os.strerror(errno.ENOENT): QT_TRANSLATE_NOOP("Errors", "it is not there"),
    os.strerror(errno.EACCES): QT_TRANSLATE_NOOP("Errors", "permission denied"),
    os.strerror(errno.EPERM): QT_TRANSLATE_NOOP("Errors", "permission denied"),
    os.strerror(errno.EROFS): QT_TRANSLATE_NOOP("Errors", "the disk is read-only"),
    os.strerror(errno.ENOSPC): QT_TRANSLATE_NOOP("Errors", "the disk is full"),
    os.strerror(errno.EISDIR): QT_TRANSLATE_NOOP("Errors", "it is a folder"),
    os.strerror(errno.ENOTDIR): QT_TRANSLATE_NOOP("Errors", "it is no folder"),
    os.strerror(errno.EIO): QT_TRANSLATE_NOOP("Errors", "the disk failed"),
    os.strerror(errno.ENAMETOOLONG): QT_TRANSLATE_NOOP("Errors", "the name is too long"),
}

BRACKETED = re.compile(r" ?\(\{(\w+)\}\)|（\{(\w+)\}）")
"""An argument in brackets, which are left out where it says nothing."""
SIZES = frozenset({"need", "free", "expected", "actual", "size"})
"""Arguments that are bytes."""


def describe(code: str, args: Mapping[str, Argument]) -> str:
    """The sentence for a code, in the language of the moment."""
    source = SENTENCES.get(code)
    if source is None:
        log.error("no sentence for %s %s", code, args)
        return QCoreApplication.translate("Errors", "Something went wrong ({code}).").format(code=code)
    reason = REASONS.get(str(args.get("detail"))) if code == Code.SOURCE_SWITCHED else None
    if reason is not None:
        args = {**args, "detail": QCoreApplication.translate("Errors", str(reason))}
    known = DETAILS.get(str(args.get("detail")))
    if known is not None:
        args = {**args, "detail": QCoreApplication.translate("Errors", str(known)).format_map(_Shown(args))}
    sentence = BRACKETED.sub(lambda found: found[0] if _said(args, found) else "", QCoreApplication.translate("Errors", str(source)))
    return sentence.format_map(_Shown(args))


def _said(args: Mapping[str, Argument], found: re.Match[str]) -> bool:
    value = args.get(found[1] or found[2], "…")
    return not isinstance(value, str) or bool(value.strip())


class _Shown(dict[str, str]):
    """Arguments as they are shown; one that is missing costs its word, never the sentence."""

    def __init__(self, args: Mapping[str, Argument]) -> None:
        locale = QLocale()
        super().__init__()
        for name, value in args.items():
            if name in SIZES and isinstance(value, int):
                self[name] = locale.formattedDataSize(value, 1, QLocale.DataSizeFormat.DataSizeTraditionalFormat)
            elif name == "limit" and isinstance(value, int | float) and "tokens" not in args:
                self[name] = locale.toString(int(value))
            elif name == "reason" and isinstance(value, int):
                self[name] = QCoreApplication.translate("Errors", "exit code {code}").format(code=value)
            elif isinstance(value, int):
                self[name] = locale.toString(value)
            elif isinstance(value, float):
                self[name] = f"{value:g}"
            else:
                self[name] = value

    def __missing__(self, key: str) -> str:
        return "…"
