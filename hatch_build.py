"""Hatchling build hook: compiles the WebAssembly runtime before a wheel or an editable install is made.

The compiler flags live beside the C sources, in ``ccf/totem_ccf/kernel/runtime/build.py``, so that a developer and
this hook call the same function.
"""

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

RUNTIME = Path("ccf/totem_ccf/kernel/runtime")


class RuntimeBuildHook(BuildHookInterface[Any]):
    """Compiles ``runtime.wasm`` for the wheel target; a source distribution carries the C sources instead."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the runtime if there is any C source.

        Raises:
            RuntimeError: the compiler refused the sources; the message carries its output.
        """
        del version, build_data
        folder = Path(self.root) / RUNTIME
        if self.target_name != "wheel" or not any(folder.glob("*.c")):
            return
        # By path: the package cannot be imported before it is installed.
        spec = importlib.util.spec_from_file_location("totem_runtime_build", folder / "build.py")
        if spec is None or spec.loader is None:
            raise RuntimeError(f"{folder / 'build.py'} is missing, so the C sources beside it cannot be compiled")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.build_runtime(folder / "runtime.wasm")
        self.app.display_info(f"compiled {RUNTIME / 'runtime.wasm'}")
