// Networks of dense layers, and the files in which they come.
//
// A classic script, as all files of the lab are: a browser runs no module that comes from a folder.
(() => {
  "use strict";
  const lab = (globalThis.autoencoderLab ??= {});
  const FIRST = 35; // the character "#" stands for 0
  const LEFT_OUT = 92; // the backslash for nothing
  const BASE = 91; // so many characters there are
  const ACTIVATIONS = {
    linear: (value) => value,
    relu: (value) => Math.max(0, value),
    sigmoid: (value) => 1 / (1 + Math.exp(-value)),
    silu: (value) => value / (1 + Math.exp(-value)),
  };

  /** The weights of a layer: of each a level, and a scale for each unit of its smaller side. */
  function unpack(layer) {
    const { inputs, outputs, kernel, places, scale, bias, scaled, activation } = layer;
    const half = (BASE ** places - 1) / 2;
    const scales = scaled === "outputs" ? outputs : inputs;
    const numbers = [...scale, ...bias];
    if (
      kernel.length !== places * inputs * outputs || scale.length !== scales ||
      bias.length !== outputs ||
      !(activation in ACTIVATIONS) || !numbers.every(Number.isFinite)
    ) throw new Error(`a layer of ${inputs} inputs and ${outputs} outputs is not whole`);
    const weights = new Float32Array(inputs * outputs);
    for (let at = 0; at < weights.length; at++) {
      let level = 0;
      for (let place = 0; place < places; place++) {
        const character = kernel.charCodeAt(at * places + place);
        level = level * BASE + character - FIRST - (character > LEFT_OUT ? 1 : 0);
      }
      level -= half;
      if (!(Math.abs(level) <= half)) throw new Error("a weight has no level");
      const unit = scaled === "outputs" ? at % outputs : Math.floor(at / outputs);
      weights[at] = level * Math.fround(scale[unit]);
    }
    return { inputs, outputs, weights, bias: Float32Array.from(bias), activation };
  }

  /** What a dense layer answers to some numbers. */
  function dense(layer, numbers) {
    const { inputs, outputs, weights, activation } = layer;
    if (numbers.length !== inputs) throw new Error(`${numbers.length} numbers, not ${inputs}`);
    const answer = Float64Array.from(layer.bias);
    for (let i = 0; i < inputs; i++) {
      const value = numbers[i];
      if (value === 0) continue; // four pixels of a digit in five are black
      for (let o = 0, at = i * outputs; o < outputs; o++, at++) answer[o] += value * weights[at];
    }
    return answer.map(ACTIVATIONS[activation]);
  }

  /** The code with all but its largest numbers at 0; of equal numbers the first are kept. */
  function keepLargest(code, count) {
    const order = Array.from(code.keys()).sort((a, b) => code[b] - code[a] || a - b);
    const kept = new Float64Array(code.length);
    for (const unit of order.slice(0, count)) kept[unit] = code[unit];
    return kept;
  }

  const through = (layers, numbers) =>
    layers.reduce((values, layer) => dense(layer, values), numbers);

  /** A network from the content of its file. */
  function network(content) {
    const encoder = content.encoder.map(unpack);
    const decoder = content.decoder.map(unpack);
    return {
      ...content,
      encoder,
      decoder,
      codeSize: decoder[0].inputs,
      /** The code of an image of 784 pixels; of a variational autoencoder the means. */
      encode(image) {
        const code = through(encoder, image);
        if (content.largest) return keepLargest(code, content.largest);
        return code.subarray(0, decoder[0].inputs);
      },
      /** The image of a code. */
      decode: (code) => through(decoder, code),
    };
  }

  /** A number that nearly every change of a text changes: FNV-1a, 32 bits. */
  function checksum(text) {
    let sum = 0x811c9dc5;
    for (let n = 0; n < text.length; n++) sum = Math.imul(sum ^ text.charCodeAt(n), 0x01000193);
    return sum >>> 0;
  }

  const published = {}; // what `make lab` wrote of each file
  const loading = {}; // promises by name
  const arrived = {}; // networks or errors by name
  const folder = new URL("models/", document.currentScript.src);

  /** Called by models/facts.js. */
  lab.publish = (facts) => Object.assign(published, facts);
  lab.published = published;

  /** Called by the file of a network, with its content as a text. */
  lab.add = (name, text) => {
    try {
      if (checksum(text) !== published[name]?.checksum) throw new Error("it was changed");
      arrived[name] = network(JSON.parse(text));
    } catch (error) {
      arrived[name] = error;
    }
  };

  /** A promise of the network of that name, whose file is fetched once. */
  lab.load = (name) =>
    loading[name] ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      const fail = (reason) => reject(new Error(`models/${name}.js: ${reason}`));
      script.src = new URL(`${name}.js`, folder).href;
      script.onerror = () => fail("it is missing");
      script.onload = () => {
        const found = arrived[name];
        if (!found) fail("it is not whole");
        else if (found instanceof Error) fail(found.message);
        else resolve(found);
      };
      document.head.append(script);
    });
})();
