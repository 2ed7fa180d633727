"""Program to WebAssembly, with metering compiled in (docs/kernel.md)."""

from totem_ccf.kernel.cache import KernelCache, TamperedEntry
from totem_ccf.kernel.compiled import CompiledKernel, compile_kernel
from totem_ccf.kernel.executor import KernelExecutor

__all__ = ["CompiledKernel", "KernelCache", "KernelExecutor", "TamperedEntry", "compile_kernel"]
