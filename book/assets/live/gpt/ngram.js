/* An n-gram with Witten–Bell smoothing, as lmcourse.models.ngram counts it, of all orders up to one.

   What was seen is a tree: from its root, the symbols of an n-gram lead to its node. Nodes lie in one
   table, each at a place computed from the node before it and the symbol; where two want the same
   place, the second takes the next that is free. */
"use strict";

if (window.live) live.Ngram = class Ngram {
  constructor(vocabulary, order) {
    Object.assign(this, { vocabulary, order });
    this.root = 2 ** 21; // behind the places of all other nodes, of which there are 1.2 million
    this.keys = new Uint32Array(this.root); // which node is here: parent · V + symbol + 1, 0 for none
    this.count = new Int32Array(this.root); // how often the n-gram of this node was seen,
    this.total = new Int32Array(this.root + 1); // how often something came after it,
    this.types = new Uint8Array(this.root + 1); // and how many different symbols
  }

  /* The node of a symbol after a node; -1 if there is none, unless it is to be made. */
  child(node, symbol, make = false) {
    const key = node * this.vocabulary + symbol + 1;
    let place = Math.imul(key, 0x9e3779b1) >>> 11; // 21 bits that depend on all of the key
    while (this.keys[place] !== key) {
      if (!this.keys[place]) {
        if (!make) return -1;
        this.keys[place] = key;
        break;
      }
      place = (place + 1) % this.root;
    }
    return place;
  }

  /* One text: all that begins at each of its places. In front of it stand boundaries, id 0, so that
     its first letter has a whole context; they and the opening itself are not predicted. */
  add(ids) {
    const padded = [...Array(this.order - 1).fill(0), ...ids];
    for (let start = 0; start < padded.length; start++) {
      let node = this.root;
      for (let end = start; end < padded.length && end < start + this.order; end++) {
        const next = this.child(node, padded[end], true);
        if (end >= this.order) {
          if (!this.count[next]++) this.types[node]++;
          this.total[node]++;
        }
        node = next;
      }
    }
  }

  /* p(symbol | the last order − 1 of what stands before place t), from the shortest context up. */
  probability(ids, t, symbol, order) {
    let p = 1 / this.vocabulary;
    for (let n = 1; n <= order; n++) {
      let node = this.root;
      for (let at = t - n + 1; at < t && node >= 0; at++) node = this.child(node, ids[at] ?? 0);
      if (node < 0 || !this.total[node]) break; // an unseen context: longer ones are unseen, too
      const gram = this.child(node, symbol), types = this.types[node];
      p = ((gram < 0 ? 0 : this.count[gram]) + types * p) / (this.total[node] + types);
    }
    return p;
  }
};
