// Sparse codes: a digit as a sum of a few parts, each of which can be taken out.
(() => {
  "use strict";
  const lab = globalThis.autoencoderLab;

  lab.section("sparse", ["sparse"], ({ part, watch, say }, [network]) => {
    const { PIXELS, paint, squaredError } = lab.pictures;
    const list = part("parts");
    const atoms = network.decoder[0].weights;
    let code = [];
    let units = []; // those in use, the largest first
    const manual = new Map(); // the parts that the reader has switched, and whether on or off

    const isOn = (unit) => manual.get(unit) ?? units.indexOf(unit) < Number(part("count").value);

    function show() {
      const kept = code.map((value, unit) => isOn(unit) ? value : 0);
      units.forEach((unit, n) => list.children[n].setAttribute("aria-pressed", isOn(unit)));
      const sum = network.decode(kept);
      const error = squaredError(sum, lab.clean);
      const on = units.filter(isOn).length;
      paint(part("answer"), sum);
      lab.writeError(part("error"), error);
      part("on").textContent = `${on} of ${network.codeSize} parts`;
      part("count-value").textContent = part("count").value;
      say(`${on} parts are on. Squared error ${error.toFixed(1)}.`);
    }
    /** The button of the part that is so manieth by its size. */
    function button(n) {
      const made = lab.pictureButton(atoms.subarray(0, PIXELS), "", true);
      made.append(document.createElement("span"));
      made.addEventListener("click", () => {
        manual.set(units[n], !isOn(units[n]));
        show();
      });
      return made;
    }
    function begin() {
      code = network.encode(lab.clean);
      units = Array.from(code.keys()).filter((unit) => code[unit] > 0);
      units.sort((a, b) => code[b] - code[a]);
      manual.clear();
      while (list.children.length > units.length) list.lastChild.remove();
      while (list.children.length < units.length) list.append(button(list.children.length));
      units.forEach((unit, n) => {
        const atom = atoms.subarray(unit * PIXELS, (unit + 1) * PIXELS);
        const [canvas, value] = list.children[n].children;
        paint(canvas, atom, true);
        value.textContent = code[unit].toFixed(1);
        list.children[n].setAttribute("aria-label", `part ${unit}, ${value.textContent} times`);
      });
      keepOneStop();
      part("count").max = units.length; // first, since a value cannot be above it
      part("count").value = units.length;
      paint(part("input"), lab.clean);
      show();
    }
    const keepOneStop = lab.rove(list);
    part("count").addEventListener("input", show);
    watch(begin);
  });
})();
