// draw.mjs PAGE.html: draws pictures of dashboards in a browser without a screen.
//
// Standard input: {prometheus, directory, range, interval, pictures: [{dashboard, variables, file}]}.
// Standard output: for each picture what stands on it, panel by panel.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import puppeteer from "puppeteer-core";

const { prometheus, directory, range, interval, pictures } = JSON.parse(readFileSync(0, "utf8"));

const ask = async (path) => {
  const answer = await (await fetch(`${prometheus}/api/v1/${path}`)).json();
  if (answer.status !== "success") throw new Error(`${path}: ${answer.error}`);
  return answer.data;
};

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  pipe: true,
  // Root has no sandbox; what is drawn is ours.
  args: ["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--font-render-hinting=none"],
});
try {
  const reports = [];
  for (const { dashboard, variables, file } of pictures) {
    const page = await browser.newPage();
    const problems = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    await page.setViewport({ width: 1600, height: 1000 });
    await page.exposeFunction("ask", ask);
    await page.goto(pathToFileURL(process.argv[2]).href);
    if (problems.length) throw new Error(problems.join("\n"));
    const json = JSON.parse(readFileSync(`${directory}/${dashboard}.json`, "utf8"));
    await page.evaluate((picture) => window.draw(picture), { dashboard: json, variables, range, interval });
    const whole = await page.waitForSelector("#dashboard", { timeout: 30_000 });
    // What is not in view is not drawn by some panels.
    const { height } = await whole.boundingBox();
    await page.setViewport({ width: 1600, height: Math.ceil(height) });
    await page.waitForNetworkIdle({ idleTime: 500, timeout: 30_000 });
    await whole.screenshot({ path: file });
    reports.push({ dashboard, problems, panels: await page.evaluate(() => window.report()) });
    await page.close();
  }
  console.log(JSON.stringify(reports));
} finally {
  await browser.close();
}
