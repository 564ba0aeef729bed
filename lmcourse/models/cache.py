"""Keys and values that a decoder has computed already, so that it reads each token once."""

from torch import Tensor


class Cache:
    """Keys and values of the positions read so far, a pair of tensors a layer.

    A `Llama` that is called with a cache writes into it; all rows have one length. The first call
    takes the memory: 2 · B · n_kv_heads · max_length · width of a head numbers a layer.
    """

    def __init__(self, max_length: int) -> None:
        if max_length < 1:
            raise ValueError(f"max_length must be at least 1, got {max_length}")
        self.max_length, self.length = max_length, 0
        self.layers: dict[int, tuple[Tensor, Tensor]] = {}  # [B, n_kv_heads, max_length, d] each

    def extend(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Writes key and value [B, n_kv_heads, T, d] behind `length` positions; returns all.

        The model lets `length` grow after its last layer: all layers start from one position.

        Raises:
            ValueError: more than `max_length` positions, or another number of rows than before.
        """
        B, H, T, d = key.shape
        end = self.length + T
        if end > self.max_length:
            raise ValueError(f"the cache has {self.max_length} positions, {end} are needed")
        if layer not in self.layers:
            shape = (B, H, self.max_length, d)
            self.layers[layer] = key.new_empty(shape), value.new_empty(shape)
        keys, values = self.layers[layer]
        if len(keys) != B:
            raise ValueError(f"the cache holds {len(keys)} rows, {B} were given")
        keys[:, :, self.length : end] = key
        values[:, :, self.length : end] = value
        return keys[:, :, :end], values[:, :, :end]

    def cut(self, length: int) -> None:
        """Forgets all positions from `length` on; ValueError when there are fewer."""
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot cut {self.length} positions to {length}")
        self.length = length

    def select(self, rows: Tensor) -> None:
        """Goes on with these rows [B'] of the B that stand, in this order; one may come twice."""
        self.layers = {i: (k[rows], v[rows]) for i, (k, v) in self.layers.items()}
