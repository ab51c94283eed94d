// Refreshes the vendored front-end files from the versions in package-lock.json: `npm ci && node update.mjs`
// here, or `make vendor`. Nothing else in Functory needs Node.js; the results are checked in.
import { build } from "esbuild";
import { cp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const HERE = import.meta.dirname;
const MODULES = join(HERE, "node_modules");
const AXE = join(HERE, "../../tests/browser/vendor");

async function copy(from, folder, name) {
  await mkdir(folder, { recursive: true });
  const text = await readFile(join(MODULES, from), "utf8");
  // The maps are not shipped, and the manifest storage refuses a reference to a file that is not there.
  await writeFile(join(folder, name), text.replace(/\n?\/[/*]# sourceMappingURL=.*$/s, "\n"));
}

// style-mod makes <style> elements for a document, which the content security policy refuses; it knows
// constructed style sheets, but uses them in shadow roots only. They work for documents alike.
const constructedStyles = {
  name: "constructed-styles",
  setup(builder) {
    builder.onLoad({ filter: /style-mod\/src\/style-mod\.js$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const changed = text.replace("!root.head && root.adoptedStyleSheets", "root.adoptedStyleSheets");
      if (changed === text) throw new Error("style-mod has changed: look at its StyleSet again");
      return { contents: changed };
    });
  },
};

async function codemirror() {
  await build({
    entryPoints: [join(HERE, "codemirror.entry.mjs")],
    outfile: join(HERE, "codemirror/codemirror.min.js"),
    bundle: true, minify: true, format: "iife", globalName: "CM", target: "es2022", legalComments: "none",
    plugins: [constructedStyles],
  });
}

async function icons() {
  const names = (await readFile(join(HERE, "icons.txt"), "utf8")).trim().split("\n");
  const symbols = [];
  for (const name of names) {
    const svg = await readFile(join(MODULES, "@tabler/icons/icons/outline", `${name}.svg`), "utf8");
    const inner = svg.replace(/^[\s\S]*?<svg[^>]*>/, "").replace("</svg>", "").replace(/\s*\n\s*/g, "");
    symbols.push(`<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">${inner}</symbol>`);
  }
  await writeFile(join(HERE, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
}

async function versionsAndLicences() {
  const lock = JSON.parse(await readFile(join(HERE, "package-lock.json"), "utf8")).packages;
  const shipped = /^node_modules\/(@codemirror\/|@lezer\/|@marijn\/|@tabler\/(core|icons)$|style-mod$|crelt$|w3c-keyname$|htmx\.org$|uplot$|axe-core$)/;
  const lines = [];
  const folder = join(HERE, "licences");
  await mkdir(folder, { recursive: true });
  for (const [path, entry] of Object.entries(lock).filter(([path]) => shipped.test(path)).sort()) {
    const name = path.slice("node_modules/".length);
    lines.push(`${name} ${entry.version} ${entry.license}`);
    const licence = (await readdir(join(HERE, path))).find((file) => /^licen[cs]e/i.test(file));
    if (licence) await cp(join(HERE, path, licence), join(folder, `${name.replace(/[@/]/g, "_").replace(/^_/, "")}.txt`));
  }
  await writeFile(join(HERE, "VERSIONS"), `${lines.join("\n")}\n`);
}

await copy("@tabler/core/dist/css/tabler.min.css", join(HERE, "tabler"), "tabler.min.css");
await copy("htmx.org/dist/htmx.min.js", join(HERE, "htmx"), "htmx.min.js");
await copy("uplot/dist/uPlot.iife.min.js", join(HERE, "uplot"), "uPlot.iife.min.js");
await copy("uplot/dist/uPlot.min.css", join(HERE, "uplot"), "uPlot.min.css");
await copy("axe-core/axe.min.js", AXE, "axe.min.js");
await codemirror();
await icons();
await versionsAndLicences();
// Everything under static/ is collected and served: the packages must not stay.
await rm(MODULES, { recursive: true });
