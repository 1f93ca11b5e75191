"""Image sets: handwritten digits, printed letters, photographs, and what they have in common."""

from helpers.datasets.image_set import ImageSet, LabelledImageSet
from helpers.datasets.letters import load_letters
from helpers.datasets.mnist import load_mnist
from helpers.datasets.patches import from_patches, to_patches
from helpers.datasets.photos import load_photos, whole_photo

__all__ = [
    "ImageSet",
    "LabelledImageSet",
    "from_patches",
    "load_letters",
    "load_mnist",
    "load_photos",
    "to_patches",
    "whole_photo",
]
