// Learned from noise: what the units of the two networks' first layers look for.
(() => {
  "use strict";
  const lab = globalThis.autoencoderLab;

  const signed = (value) => value.toFixed(2).replace("-", "−");

  lab.section("filters", ["digits", "denoiser"], ({ part, watch, say }, networks) => {
    const { PIXELS, paint } = lab.pictures;
    const names = ["digits", "denoiser"];
    const filters = networks.map(({ encoder: [{ weights, outputs }] }) =>
      Array.from(
        { length: outputs },
        (_, unit) =>
          Float32Array.from({ length: PIXELS }, (_, pixel) => weights[pixel * outputs + unit]),
      )
    );
    let chosen = { network: 0, unit: 0 };
    let pressed;

    names.forEach((name, network) => {
      const group = part(name);
      filters[network].forEach((filter, unit) => {
        const button = lab.pictureButton(filter, `filter ${unit + 1}`, true);
        button.setAttribute("aria-pressed", "false");
        button.addEventListener("click", () => {
          chosen = { network, unit };
          show();
        });
        group.append(button);
      });
      lab.rove(group)();
    });

    function show() {
      const { network, unit } = chosen;
      const filter = filters[network][unit];
      const { bias } = networks[network].encoder[0];
      const weighed = Float64Array.from(filter, (weight, pixel) => weight * lab.clean[pixel]);
      const sum = weighed.reduce((total, value) => total + value, 0);
      const value = Math.max(0, sum + bias[unit]);
      paint(part("input"), lab.clean);
      paint(part("filter"), filter, true);
      paint(part("weighed"), weighed, true);
      pressed?.setAttribute("aria-pressed", "false");
      pressed = part(names[network]).children[unit];
      pressed.setAttribute("aria-pressed", "true");
      part("sum").textContent = `${signed(sum)}; with its bias of ${
        signed(bias[unit])
      } the unit is ${value.toFixed(2)}`;
      say(`Filter ${unit + 1}: ${part("sum").textContent}.`);
    }
    watch(show);
  });
})();
