"""What the chapters of the book share: data, metrics, models, training, plots and claims."""

from importlib.metadata import version

__version__ = version("autoencoder-book")
