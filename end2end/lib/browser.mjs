// Chromium as a person uses it: console errors, failed requests and serious accessibility violations fail the test.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";
import { root } from "./process.mjs";

const require = createRequire(import.meta.url);
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
export const out = path.join(root, "end2end/out");
mkdirSync(out, { recursive: true });

export const sizes = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };

export function launch() {
  return chromium.launch({
    executablePath: process.env.ROADSTEAD_TEST_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

/**
 * A fresh visitor. `languages` is what the browser asks for. `problems` collects what must stay empty; a status that the
 * test itself provokes is announced with `expectStatus`.
 */
export async function visitor(browser, { language = "en", javaScriptEnabled = true, theme = "light", size = sizes.wide, baseURL } = {}) {
  const context = await browser.newContext({
    locale: language === "en" ? "en-GB" : "zh-CN", colorScheme: theme, viewport: size, javaScriptEnabled, baseURL,
    timezoneId: "Asia/Shanghai", reducedMotion: "reduce",
  });
  // Reading back what was copied; plain HTTP on loopback counts as secure.
  await context.grantPermissions(["clipboard-read", "clipboard-write"]).catch(() => {});
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const problems = [];
  const expected = new Set();
  page.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    const text = `${message.text()} (${message.location().url})`;
    for (const status of expected) if (text.includes(`status of ${status}`)) return;
    problems.push(`console ${message.type()} at ${page.url()}: ${text}`);
  });
  page.on("pageerror", (error) => problems.push(`uncaught: ${error.message}`));
  page.on("response", (response) => {
    if (response.status() >= 400 && !expected.has(response.status())) problems.push(`${response.status()} ${response.url()}`);
  });
  return {
    context,
    page,
    isAlive: javaScriptEnabled,
    problems,
    expectStatus: (status) => expected.add(status),
    /** Opens a page and waits until it is alive. */
    async open(address) {
      await page.goto(address);
      if (javaScriptEnabled) await alive(page);
    },
    /** Waits until the page that a form or a link led to is alive. */
    settled: () => (javaScriptEnabled ? alive(page) : page.waitForLoadState()),
    assertQuiet: () => assert.deepEqual(problems, []),
    close: () => context.close(),
  };
}

/** Resolves when the WASM has taken over the page. */
export function alive(page) {
  return page.waitForFunction(() => document.documentElement.dataset.hydrated === "true");
}

/** By `data-testid`, the language-neutral hook. */
export const hook = (page, name) => page.locator(`[data-testid="${name}"]`);

/** axe on the page as it stands: what is serious or critical is a problem of this visit. */
export async function checkAccessible({ page, problems }, where) {
  // Evaluated by the debugger, which the page's own content policy does not bind.
  await page.evaluate(axe);
  const result = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  for (const violation of result.violations) {
    if (violation.impact !== "serious" && violation.impact !== "critical") continue;
    const nodes = violation.nodes.slice(0, 3).map((node) => node.html).join(" | ");
    problems.push(`accessibility of ${where}: ${violation.id}: ${violation.help}: ${nodes}`);
  }
}

/** A picture at both widths in both themes: end2end/out/{name}-{language}-{width}-{theme}.png. */
export async function pictures({ page, problems }, name, language) {
  for (const theme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: theme });
    for (const [width, size] of Object.entries(sizes)) {
      await page.setViewportSize(size);
      await page.screenshot({ path: path.join(out, `${name}-${language}-${width}-${theme}.png`), fullPage: true });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (overflow > 0) problems.push(`${name} is ${overflow}px wider than the ${width} window`);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(sizes.wide);
}

/** The page as it stands, in both themes: accessible, and a picture at both widths. */
export async function look(person, name, language) {
  for (const theme of ["light", "dark"]) {
    await person.page.emulateMedia({ colorScheme: theme });
    await checkAccessible(person, `${name}, ${theme}`);
  }
  await pictures(person, name, language);
}
