// Properties: draw a digit, or pick something that is none, and see what three networks make of it.
(() => {
  "use strict";
  const lab = globalThis.autoencoderLab;
  const OTHERS = ["letters", "photos"];

  lab.section("properties", ["digits"], (section, [digits]) => {
    const { part, watch, say, root } = section;
    const { given, paint, squaredError } = lab.pictures;
    const others = {}; // the networks of the other two kinds, once they are asked for

    const pad = lab.drawingPad(section, (strokes) => lab.change({ strokes, picture: null }));
    part("clear").addEventListener("click", pad.clear);
    part("turned").addEventListener("change", () => lab.change({ turned: part("turned").checked }));
    part("centring").addEventListener("change", () => {
      lab.change({ centring: part("centring").checked });
    });
    const followers = ["right", "down"].map((way) => {
      const pixels = (value) => `${value} px`;
      return lab.range(part(way), part(`${way}-value`), pixels, (value) => {
        part("centring").checked = false; // which would undo it
        lab.change({ [way]: value, centring: false });
      });
    });
    /** Show another of the given pictures, where it belongs. */
    function pick(picture) {
      for (const way of ["right", "down"]) part(way).value = 0;
      for (const follow of followers) follow();
      lab.change({ strokes: [], picture, right: 0, down: 0 });
    }

    const group = part("pictures");
    const kinds = { digit: "test digit", letter: "printed letter", photo: "patch of a photograph" };
    given.forEach(({ kind, name, pixels }, n) => {
      const button = lab.pictureButton(pixels, `${kinds[kind]}: ${name}`);
      button.addEventListener("click", () => pick(n));
      group.append(button);
    });
    const keepOneStop = lab.rove(group);

    part("others").addEventListener("change", async () => {
      const asked = part("others").checked;
      try {
        if (asked) { for (const name of OTHERS) others[name] ??= await lab.load(name); }
        for (const name of OTHERS) part(`${name}-picture`).hidden = !asked;
        answer();
      } catch (error) {
        part("others").checked = false;
        lab.failed(root, error);
        root.classList.add("lab-live"); // the first network still answers
      }
    });

    function answer() {
      paint(part("input"), lab.clean);
      const code = digits.encode(lab.clean);
      showCode(part("code"), code, digits.range[1]);
      const errors = Object.entries({ digits, ...others }).map(([name, network]) => {
        const rebuilt = network.decode(network.encode(lab.clean));
        const error = squaredError(rebuilt, lab.clean);
        paint(part(name), rebuilt);
        lab.writeError(part(`${name}-error`), error, name === "digits" ? { name } : {});
        return `network for ${name} ${error.toFixed(1)}`;
      });
      [...group.children].forEach((button, n) => {
        button.setAttribute("aria-pressed", n === lab.input.picture);
      });
      keepOneStop();
      const empty = !lab.clean.some((ink) => ink);
      if (empty) part("digits-error").textContent = "nothing is drawn";
      say(empty ? "Nothing is drawn." : `Squared error: ${errors.join(", ")}.`);
    }
    watch(answer);
  });

  /** The numbers of a code as bars: each beside the largest that it takes on digits, or all lower. */
  function showCode(canvas, code, largest) {
    const [width, height] = [canvas.width = 320, canvas.height = 320];
    const pen = canvas.getContext("2d");
    const step = width / code.length;
    pen.fillStyle = getComputedStyle(canvas).color;
    const shares = Array.from(code, (value, n) => value / Math.max(largest[n], 1e-6));
    const highest = Math.max(1, ...shares);
    shares.map((share) => share / highest).forEach((share, n) => {
      pen.fillRect(n * step + 1, height * (1 - share), step - 2, height * share);
    });
  }
})();
