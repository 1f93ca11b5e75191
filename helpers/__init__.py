"""What the chapters of the book share: data, metrics, models, training, plots and claims."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("autoencoder-book")
except PackageNotFoundError:  # the folder was copied, not installed
    __version__ = "unknown"
