#!/bin/sh
# Starts Zhiyin from this source tree: the window, or the same chat in the terminal where there is no display.
set -eu
bin=$(CDPATH='' cd -- "$(dirname -- "$0")/../.venv/bin" && pwd)

before=
for argument in "$@"; do # the starter goes to where the window will look, and the terminal speaks its language
    case "$before $argument" in
        "--data-dir "*) export ZHIYIN_DATA_DIR="$argument" ;;
        *" --data-dir="*) export ZHIYIN_DATA_DIR="${argument#--data-dir=}" ;;
        "--lang "*) export ZHIYIN_LANG="$argument" ;;
        *" --lang="*) export ZHIYIN_LANG="${argument#--lang=}" ;;
    esac
    before=$argument
done

# A data directory that cannot be used is the window's to tell.
said=$("$bin/zhiyin-models" import starter 2>&1) || echo "$said" >&2

if ! "$bin/python" -m zhiyin.display; then
    case "${ZHIYIN_LANG:-${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}}" in
        zh*) echo "这里没有图形显示，改在终端里聊天。" ;;
        *) echo "There is no display here, so the chat is in the terminal." ;;
    esac
    exec "$bin/zhiyin-models" chat starter
fi
exec "$bin/zhiyin" "$@"
