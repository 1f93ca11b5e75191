// Generating: digits from random codes, and the way from one digit to another.
(() => {
  "use strict";
  const lab = globalThis.autoencoderLab;
  const SAMPLES = 6;

  lab.section("generating", ["generator"], ({ part, watch, say }, [network]) => {
    const { given, normals, paint } = lab.pictures;
    const samples = part("samples");
    let seed = 1;
    let size = Number(part("size").value);
    for (let n = 0; n < SAMPLES; n++) {
      const canvas = document.createElement("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `Sample ${n + 1}`);
      samples.append(canvas);
    }
    function draw() {
      [...samples.children].forEach((canvas, n) => {
        const code = normals(network.codeSize, SAMPLES * seed + n).map((value) => size * value);
        paint(canvas, network.decode(code));
      });
      say(`Six pictures from random codes of size ${size.toFixed(1)}.`);
    }
    part("draw").addEventListener("click", () => {
      seed++;
      draw();
    });
    lab.range(part("size"), part("size-value"), (value) => value.toFixed(1), (value) => {
      size = value;
      draw();
    });
    draw();

    // --- the way
    const digits = given.filter(({ kind }) => kind === "digit");
    let goal = 0;
    const mix = (from, to, share) => from.map((value, n) => value + share * (to[n] - value));

    function walk() {
      const share = Number(part("share").value);
      const to = digits[goal].pixels;
      const [start, end] = [lab.clean, to].map((image) => network.encode(image));
      paint(part("from"), lab.clean);
      paint(part("to"), to);
      paint(part("by-code"), network.decode(mix(start, end, share)));
      paint(part("by-pixels"), mix(lab.clean, to, share));
      const percent = `${Math.round(100 * share)} %`;
      part("share-value").textContent = percent;
      part("share").setAttribute("aria-valuetext", percent);
      say(`${percent} of the way to a ${digits[goal].name}.`);
    }
    part("share").addEventListener("input", walk);
    part("other").addEventListener("click", () => {
      goal = (goal + 1) % digits.length;
      walk();
    });
    watch(walk);
  });
})();
