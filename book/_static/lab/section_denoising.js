// Denoising: the same noisy picture for a network that has learned from clean digits, and for one of
// the same size that has learned to give clean digits back for noisy ones.
(() => {
  "use strict";
  const lab = globalThis.autoencoderLab;

  lab.section("denoising", ["digits", "denoiser"], ({ part, watch, say }, networks) => {
    const { PIXELS, normals, noisy, paint, squaredError } = lab.pictures;
    const names = ["digits", "denoiser"];
    const black = new Float32Array(PIXELS);
    let seed = 1;
    let noise = normals(PIXELS, seed);
    let sigma = Number(part("sigma").value);

    function show() {
      const target = part("nothing").checked ? black : lab.clean;
      const given = noisy(target, sigma, noise);
      paint(part("noisy"), given);
      const errors = [squaredError(given, target)];
      const beside = part("nothing").checked ? { beside: "black" } : {};
      lab.writeError(part("noisy-error"), errors[0], beside);
      names.forEach((name, n) => {
        const answer = networks[n].decode(networks[n].encode(given));
        errors.push(squaredError(answer, target));
        paint(part(name), answer);
        lab.writeError(part(`${name}-error`), errors.at(-1), beside);
      });
      const [before, plain, denoised] = errors.map((error) => error.toFixed(1));
      say(
        `Squared error against the clean picture: noisy ${before}, trained on clean digits ${plain}, trained on noisy digits ${denoised}.`,
      );
    }
    lab.range(part("sigma"), part("sigma-value"), (value) => value.toFixed(2), (value) => {
      sigma = value;
      show();
    });
    part("again").addEventListener("click", () => {
      noise = normals(PIXELS, ++seed);
      show();
    });
    part("nothing").addEventListener("change", show);
    watch(show);
  });
})();
