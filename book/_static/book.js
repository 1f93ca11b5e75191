// What the theme's scripts leave to be done.

// A page has dozens of copy buttons. Who goes through it by keyboard is spared them: code can be
// selected and copied without.
window.addEventListener("load", () => {
  for (const button of document.querySelectorAll("button.copybtn")) button.tabIndex = -1;
});
