"""Makes ready what Zhiyin needs on this machine, then says nothing more: system packages, ``.venv``, the engine built for its processor.

Run by the Makefile with any Python ≥ 3.11: ``python3 packaging/prepare.py [--tests] [--gpu auto|cpu|cuda|vulkan|metal]``. Uses the standard
library alone. Does nothing, in well under a second, when ``.venv`` carries the stamp of what it would make.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "zhiyin-stamp.json"
PINS = [ROOT / "packaging" / name for name in ("requirements.txt", "build-requirements.txt")]
UV_PIN = ROOT / "packaging" / "uv.txt"

# What Qt's libraries, its X11 and Wayland plugins and fonts load and no wheel brings; the Debian package that has it.
LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
CJK_FONTS = ("Noto*CJK*", "SourceHan*", "wqy-*", "uming*", "DroidSansFallback*", "LXGW*")
GPU_DEFINES = {"cuda": "GGML_CUDA=ON", "vulkan": "GGML_VULKAN=ON", "metal": "GGML_METAL=ON"}
VULKAN_HEADERS = 272  # llama.cpp's Vulkan sources use what Vulkan 1.3.272 brought


class SetupError(Exception):
    """Why the set-up cannot go on, with the sentence that says why and what to do."""


def say(text: str) -> None:
    """One line of progress, at once."""
    sys.stdout.write(f"zhiyin: {text}\n")
    sys.stdout.flush()


def interpreter() -> Path:
    """The Python that runs this, or the one behind it when that is ``.venv``'s own, which may be about to be made anew."""
    if sys.prefix == sys.base_prefix:
        return Path(sys.executable)
    return Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"


def run(command: list[str | Path], failure: str) -> None:
    """Run a command in the project's folder, its output seen by the user; SetupError with ``failure`` when it fails."""
    if subprocess.run([str(part) for part in command], check=False, stdin=subprocess.DEVNULL, cwd=ROOT).returncode:
        raise SetupError(failure)


def succeeds(*command: str) -> bool:
    """Whether a program is there and ends well."""
    return bool(shutil.which(command[0])) and not subprocess.run(command, check=False, capture_output=True).returncode


# ---------------------------------------------------------------- system packages


def missing_libraries() -> list[str]:
    """Sonames that the loader does not find; the musl and Windows loaders know other names, so only glibc is asked."""
    missing = []
    for soname in LIBRARIES:
        try:
            ctypes.CDLL(soname)
        except OSError:
            missing.append(soname)
    return missing


def has_chinese_font() -> bool:
    """Whether a font with Chinese characters lies where fontconfig looks."""
    folders = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts", Path.home() / ".local/share/fonts"]
    return any(next(folder.rglob(pattern), None) for folder in folders if folder.is_dir() for pattern in CJK_FONTS)


def missing_packages(*, tests: bool) -> list[str]:
    """Debian packages for everything this machine lacks, found by looking for the thing itself."""
    missing = [LIBRARIES[soname] for soname in missing_libraries()]
    if not succeeds(str(interpreter()), "-c", "import venv, ensurepip"):
        of_the_system = interpreter().is_relative_to("/usr/bin") or interpreter().is_relative_to("/bin")
        missing.append("python3-venv" if of_the_system else f"python3.{sys.version_info.minor}-venv")
    if not (shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")):
        missing.append("g++")
    if not has_chinese_font():
        missing.append("fonts-noto-cjk")
    if tests and not shutil.which("Xvfb"):
        missing.append("xvfb")
    return missing


def install_packages(missing: list[str]) -> None:
    """Install with apt as root or through sudo; elsewhere name what is missing. Raises SetupError."""
    typed = f"sudo apt-get update && sudo apt-get install --yes --no-install-recommends {' '.join(missing)}"
    if not shutil.which("apt-get"):
        say(f"this system has no apt; what Debian calls {' '.join(missing)} seems to be missing. Going on without.")
        return
    if os.geteuid() == 0:
        as_root = []
    elif succeeds("sudo", "-n", "true") or (shutil.which("sudo") and sys.stdin.isatty()):
        as_root = ["sudo"]
    else:
        raise SetupError(f"system packages are missing, and installing them needs root. Please run:\n  {typed}")
    say(f"installing system packages: {' '.join(missing)}")
    apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet=2"]
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
        keyboard = None if as_root else subprocess.DEVNULL  # sudo may ask for a password
        if subprocess.run([*apt, *arguments], check=False, stdin=keyboard, stdout=subprocess.DEVNULL).returncode:
            raise SetupError(f"apt-get could not install the system packages. Please run:\n  {typed}")


# ---------------------------------------------------------------- what to build


def vulkan_headers() -> int:
    """Patch number of the installed Vulkan 1.3 headers (1.4 counts as newer than any), 0 when there are none."""
    for folder in (os.environ.get("VULKAN_SDK", "") + "/include", "/usr/include", "/usr/local/include"):
        header = Path(folder) / "vulkan/vulkan_core.h"
        if header.is_file():
            text = header.read_text(encoding="utf-8", errors="replace")
            patch = re.search(r"#define VK_HEADER_VERSION (\d+)", text)
            return 10_000 if "VK_API_VERSION_1_4" in text else int(patch[1]) if patch else 0
    return 0


def detect_gpu() -> str:
    """The backend whose toolkit and card are both here; a toolkit without a card is not worth an hour of compiling."""
    if sys.platform == "darwin":
        return "metal"
    if shutil.which("nvcc") and succeeds("nvidia-smi", "-L"):
        return "cuda"
    if shutil.which("glslc") and vulkan_headers() >= VULKAN_HEADERS and any(Path("/dev/dri").glob("renderD*")):
        return "vulkan"
    return "cpu"


def processor() -> str:
    """A short name for what the compiler builds for: the engine is compiled for this very processor."""
    features = ""
    if Path("/proc/cpuinfo").is_file():
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        features = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return hashlib.sha256(f"{platform.machine()} {features}".encode()).hexdigest()[:12]


def what_is_wanted() -> dict[str, str]:
    """What ``.venv`` is made from, each part as a short text; the choice of GPU and the tests' packages come on top."""
    pins = hashlib.sha256()
    for path in (*PINS, ROOT / "pyproject.toml", Path(__file__)):
        pins.update(path.read_bytes())
    uv = hashlib.sha256(UV_PIN.read_bytes())
    return {"root": str(ROOT), "python": sys.version, "processor": processor(), "uv": uv.hexdigest(), "pins": pins.hexdigest()}


def read_stamp() -> dict[str, str]:
    """What ``.venv`` was made from; empty when it is not whole."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


# ---------------------------------------------------------------- the environment


def cache_folder() -> Path:
    """Where packages and the compiled engine are kept between environments, apart for each kind of processor.

    uv's common cache will not do: a processor that lacks an instruction would be handed another's engine, and any uv
    command that asks the index about the engine's source may throw the compiled one away.
    """
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "zhiyin" / f"packages-{processor()}"


def create_environment() -> Path:
    """A fresh ``.venv`` with uv beside its packages; returns uv's path."""
    say("making .venv")
    shutil.rmtree(VENV, ignore_errors=True)
    run([interpreter(), "-m", "venv", VENV], f"{interpreter()} could not make {VENV}.")
    install: list[str | Path] = [
        VENV / "bin/python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--require-hashes",
    ]
    run([*install, "--target", VENV / "uv", "-r", UV_PIN], "pip could not install uv; is the network there?")
    return VENV / "uv/bin/uv"


def fill_environment(uv: Path, gpu: str, *, again: bool = False) -> None:
    """Install the pinned packages, build the engine where no cache has it, and link this source tree. Raises SetupError."""
    cached: list[str | Path] = [uv, "--cache-dir", cache_folder()]
    into: list[str | Path] = ["--python", VENV / "bin/python"]
    define = GPU_DEFINES.get(gpu, "GGML_METAL=OFF" if sys.platform == "darwin" else "")
    settings = [f"--config-settings-package=llama-cpp-python:cmake.define.{define}"] if define else []
    if again:
        run([*cached, "cache", "clean", "--quiet", "llama-cpp-python"], "The compiled engine could not be taken out of the cache.")
        settings.append("--reinstall-package=llama-cpp-python")
    say(f"installing the pinned packages; the engine ({gpu}) is compiled the first time, about ten minutes on two cores")
    constraints: list[str | Path] = ["--build-constraints", ROOT / "packaging/build-requirements.txt"]
    pinned: list[str | Path] = ["--require-hashes", ROOT / "packaging/requirements.txt"]
    # uv reads [tool.uv] of pyproject.toml in the folder it runs in, which turns the engine's RPC devices on.
    sync: list[str | Path] = [*cached, "pip", "sync", "--quiet", *into, *settings, *constraints, *pinned]
    run(sync, "The pinned packages could not be installed; the reason is above.")
    link: list[str | Path] = ["--no-deps", "--no-build-isolation", "--editable", ROOT]
    run([*cached, "pip", "install", "--quiet", *into, *link], "Zhiyin itself could not be installed into .venv.")


def engine_works() -> bool:
    """Whether the compiled engine runs on this processor: it decodes one token of the starter model."""
    result = subprocess.run([VENV / "bin/python", ROOT / "packaging/try_engine.py"], check=False, capture_output=True, text=True)
    if result.returncode > 0:
        say(result.stderr.strip())
    return result.returncode == 0


def make_environment(stamp: dict[str, str], wanted: dict[str, str]) -> None:
    """Bring ``.venv`` from what its stamp says to what is wanted, or make it anew. Raises SetupError."""
    STAMP.unlink(missing_ok=True)  # from here to the end it is not whole
    uv = VENV / "uv/bin/uv"
    if any(stamp.get(part) != wanted[part] for part in ("root", "python", "uv")) or not succeeds(str(uv), "--version"):
        uv = create_environment()
    fill_environment(uv, wanted["gpu"])
    if not engine_works():
        say("the compiled engine does not run on this processor; compiling it again")
        fill_environment(uv, wanted["gpu"], again=True)
        if not engine_works():
            raise SetupError("The engine does not run on this machine. Please report this with the lines above.")


def prepare(*, gpu: str, tests: bool) -> None:
    """Bring the machine to where ``make run`` or ``make test`` can start. Raises SetupError."""
    stamp = read_stamp()
    wanted = what_is_wanted()
    wanted["gpu"] = gpu or stamp.get("gpu", "")  # not said again: what was chosen before stays
    wanted["packages"] = "run and test" if tests else stamp.get("packages", "run")
    if stamp == wanted:
        return
    missing = missing_packages(tests=tests) if sys.platform == "linux" else []
    if missing:
        install_packages(missing)
    if wanted["gpu"] in ("", "auto"):
        wanted["gpu"] = detect_gpu()
    if {**stamp, "packages": ""} != {**wanted, "packages": ""}:
        make_environment(stamp, wanted)
        say("ready")
    part = STAMP.with_suffix(".part")
    part.write_text(json.dumps(wanted), encoding="utf-8")
    part.replace(STAMP)


def main() -> int:
    """Read the arguments and prepare; 1 with one sentence when that cannot be done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gpu", default="", choices=["", "auto", "cpu", *GPU_DEFINES])
    parser.add_argument("--tests", action="store_true", help="also what only the tests need")
    arguments = parser.parse_args()
    try:
        if not (3, 11) <= sys.version_info[:2] < (3, 15):
            raise SetupError(f"Python 3.11 to 3.14 is needed and this is {platform.python_version()}: make PYTHON=python3.12 …")
        prepare(gpu=arguments.gpu, tests=arguments.tests)
    except SetupError as error:
        sys.stderr.write(f"zhiyin: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
