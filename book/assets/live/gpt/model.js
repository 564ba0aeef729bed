/* A GPT that reads one symbol after another: the model of the chapter, with a cache, and no library.

   `read(id)` gives the logits of what comes next. What a place has once said to later ones, its keys
   and values, is kept, so that a new symbol costs one pass for itself alone; `cut(T)` forgets all
   from place T on. Stored weights are float32, all that is computed is float64. */
"use strict";

if (window.live) live.Gpt = (() => {
  /* W x + b. W has a row for each number of the result, one row after the other; four rows at once
     are quicker than one. */
  const linear = (W, b, x) => {
    const columns = x.length, rows = W.length / columns;
    const result = new Float64Array(rows);
    for (let r = 0; r < rows; r += 4) {
      const first = r * columns, second = first + columns, third = second + columns, fourth = third + columns;
      let y0 = 0, y1 = 0, y2 = 0, y3 = 0;
      for (let c = 0; c < columns; c++) {
        const each = x[c];
        y0 += W[first + c] * each;
        y1 += W[second + c] * each;
        y2 += W[third + c] * each;
        y3 += W[fourth + c] * each;
      }
      result[r] = y0; result[r + 1] = y1; result[r + 2] = y2; result[r + 3] = y3;
    }
    return b ? result.map((y, r) => y + b[r]) : result;
  };

  /* Formula (2): each vector by its own mean and standard deviation. */
  const layerNorm = (scale, shift, x) => {
    const mean = x.reduce((sum, each) => sum + each, 0) / x.length;
    const variance = x.reduce((sum, each) => sum + (each - mean) ** 2, 0) / x.length;
    const deviation = Math.sqrt(variance + 1e-5);
    return x.map((each, i) => scale[i] * (each - mean) / deviation + shift[i]);
  };

  /* 1 − erf(x) for x ≥ 0, to 1.2e-7 of itself (Press et al., Numerical Recipes in C, § 6.2). */
  const tail = [-1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277];
  const erfc = (x) => {
    const t = 1 / (1 + x / 2);
    let sum = 0;
    for (let k = tail.length - 1; k >= 0; k--) sum = sum * t + tail[k];
    return t * Math.exp(sum - x * x);
  };

  /* Formula (3): a number times the share of a standard normal distribution that lies below it. */
  const gelu = (x) => {
    const beyond = erfc(Math.abs(x) / Math.SQRT2) / 2;
    return x * (x < 0 ? beyond : 1 - beyond);
  };

  const softmax = (scores) => {
    const largest = scores.reduce((a, b) => Math.max(a, b));
    const parts = scores.map((score) => Math.exp(score - largest));
    const total = parts.reduce((sum, part) => sum + part, 0);
    return parts.map((part) => part / total);
  };

  /* The numbers of a file: fp16 in base64, each tensor [where it begins, how many numbers it has]. */
  const unpack = ({ tensors, data }) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const numbers = Float32Array.from(new Uint16Array(bytes.buffer), (half) => {
      const sign = half >> 15 ? -1 : 1, exponent = (half >> 10) & 31, fraction = half & 1023;
      return sign * (exponent ? 2 ** (exponent - 25) * (1024 + fraction) : 2 ** -24 * fraction);
    });
    return Object.fromEntries(Object.entries(tensors).map(([name, [begin, size]]) => [name, numbers.subarray(begin, begin + size)]));
  };

  return class Gpt {
    static softmax = softmax;

    constructor(file) {
      const { config } = file, tensors = unpack(file);
      Object.assign(this, { config, tensors, ids: [], logits: [] });
      const { n_layers, context_length, d_model } = config;
      const room = () => Array.from({ length: n_layers }, () => new Float64Array(context_length * d_model));
      this.keys = room(); // [layer][place · d_model + i]
      this.values = room();
    }

    cut(T) {
      this.ids.length = this.logits.length = T;
    }

    /* Each head compares its slice of the query with that of the keys up to this place t, and
       averages the values by it. Later places are not there yet: that is the causal mask. */
    attend(layer, query, t) {
      const { d_model, n_heads } = this.config, size = d_model / n_heads;
      const keys = this.keys[layer], values = this.values[layer];
      const result = new Float64Array(d_model);
      for (let from = 0; from < d_model; from += size) {
        const scores = new Float64Array(t + 1);
        for (let s = 0; s <= t; s++) {
          let dot = 0;
          for (let i = from; i < from + size; i++) dot += query[i] * keys[s * d_model + i];
          scores[s] = dot / Math.sqrt(size);
        }
        const weights = softmax(scores);
        for (let s = 0; s <= t; s++) {
          for (let i = from; i < from + size; i++) result[i] += weights[s] * values[s * d_model + i];
        }
      }
      return result;
    }

    read(id) {
      const { tensors, config: { d_model, n_layers } } = this;
      const t = this.ids.push(id) - 1;
      const tokens = tensors["tokens.weight"], positions = tensors["positions.weight"];
      const apply = (name, x) => linear(tensors[`${name}.weight`], tensors[`${name}.bias`], x);
      const norm = (name, x) => layerNorm(tensors[`${name}.weight`], tensors[`${name}.bias`], x);

      const x = new Float64Array(d_model); // the residual stream of this place
      x.forEach((_, i) => { x[i] = tokens[id * d_model + i] + positions[t * d_model + i]; });
      const add = (change) => change.forEach((each, i) => { x[i] += each; });

      for (let layer = 0; layer < n_layers; layer++) {
        const block = `blocks.${layer}`;
        const qkv = apply(`${block}.attention.qkv`, norm(`${block}.norm_1`, x)); // query, key, value
        this.keys[layer].set(qkv.subarray(d_model, 2 * d_model), t * d_model);
        this.values[layer].set(qkv.subarray(2 * d_model), t * d_model);
        add(apply(`${block}.attention.projection`, this.attend(layer, qkv, t)));

        const hidden = apply(`${block}.feed_forward.0`, norm(`${block}.norm_2`, x));
        add(apply(`${block}.feed_forward.2`, hidden.map(gelu)));
      }
      return (this.logits[t] = linear(tokens, null, norm("norm", x))); // tied: the same table again
    }
  };
})();
