#!/bin/sh
# Starts Zhiyin from this source tree: the window, or the same chat in the terminal where there is no display.
set -eu
bin=$(CDPATH='' cd -- "$(dirname -- "$0")/../.venv/bin" && pwd)

said=$("$bin/zhiyin-models" import starter 2>&1) || {
    echo "$said" >&2
    exit 1
}

if [ "$(uname -s)" = Linux ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    case "${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}" in
        zh*) echo "这里没有图形显示，改在终端里聊天。" ;;
        *) echo "There is no display here, so the chat is in the terminal." ;;
    esac
    exec "$bin/zhiyin-models" chat starter
fi
exec "$bin/zhiyin" "$@"
