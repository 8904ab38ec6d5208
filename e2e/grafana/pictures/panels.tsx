// A dashboard, drawn by Grafana's own panels where it says that they stand. Not Grafana itself: nothing can be clicked.
import { ThemeContext, dateTime, getFieldDisplayValues } from "@grafana/data";
import type { DataFrame } from "@grafana/data";
import { BigValue, GlobalStyles, PanelChrome, Table, TimeSeries } from "@grafana/ui";
import React from "react";
import { createRoot } from "react-dom/client";
import { type Range, absent, answers, theme } from "./answers";

const WIDTH = 1600;
const COLUMN = WIDTH / 24;
const ROW = 38;
const GAP = 8;
const HEAD = 44;

interface Picture {
  dashboard: any;
  variables: Record<string, string>;
  range: Range;
  // Between two scrapes, in seconds.
  interval: number;
}

function fill(picture: Picture, text: string): string {
  const own: Record<string, string> = { __rate_interval: `${4 * picture.interval}s`, __range: `${picture.range.to - picture.range.from}s` };
  for (const variable of picture.dashboard.templating.list) own[variable.name] = picture.variables[variable.name] ?? variable.allValue ?? ".*";
  return text.replace(/\$\{?(\w+)(:\w+)?\}?/g, (found, name) => own[name] ?? found);
}

function Body({ panel, frames, range, width, height }: { panel: any; frames: DataFrame[]; range: Range; width: number; height: number }) {
  const { options, fieldConfig } = panel;
  if (panel.type === "stat") {
    const [value] = getFieldDisplayValues({ fieldConfig, reduceOptions: options.reduceOptions, replaceVariables: (text) => text, theme, data: frames, timeZone: "utc" });
    return <BigValue value={value.display} theme={theme} width={width} height={height} colorMode={options.colorMode} graphMode={options.graphMode} justifyMode={options.justifyMode} textMode={"value" as any} />;
  }
  if (!frames.some((frame) => frame.length)) {
    return <div style={{ display: "flex", height, alignItems: "center", justifyContent: "center" }}>{absent(panel)}</div>;
  }
  if (panel.type === "timeseries") {
    const between = { from: dateTime(range.from * 1000), to: dateTime(range.to * 1000) };
    return <TimeSeries frames={frames} structureRev={1} timeRange={{ ...between, raw: between }} timeZone="utc" width={width} height={height} legend={options.legend} options={options} />;
  }
  return <Table data={frames[0]} width={width} height={height} columnMinWidth={100} initialSortBy={options.sortBy} cellHeight={options.cellHeight} showTypeIcons={false} />;
}

function Panel({ picture, panel }: { picture: Picture; panel: any }) {
  const { x, y, w, h } = panel.gridPos;
  const place: React.CSSProperties = { position: "absolute", left: x * COLUMN + GAP / 2, top: y * ROW + HEAD, width: w * COLUMN - GAP, height: h * ROW - GAP };
  if (panel.type === "row") return <div style={{ ...place, fontSize: 16, fontWeight: 500 }}>⌄ {panel.title}</div>;
  return (
    <div style={place} data-panel={panel.title}>
      <PanelChrome title={panel.title} description={panel.description} width={place.width as number} height={place.height as number}>
        {(width, height) => <Body panel={panel} frames={panel.frames} range={picture.range} width={width} height={height} />}
      </PanelChrome>
    </div>
  );
}

function Dashboard({ picture }: { picture: Picture }) {
  const { dashboard } = picture;
  const chosen = dashboard.templating.list.filter((variable: any) => variable.type === "query");
  const height = Math.max(...dashboard.panels.map(({ gridPos }: any) => gridPos.y + gridPos.h)) * ROW + HEAD + GAP;
  const style: React.CSSProperties = { position: "relative", width: WIDTH, height, background: theme.colors.background.canvas };
  return (
    <div id="dashboard" style={style}>
      <div style={{ padding: "10px 8px", fontSize: 18 }}>
        {dashboard.title}
        {chosen.map((variable: any) => (
          <span key={variable.name} style={{ fontSize: 12, marginLeft: 24 }}>
            {variable.label}: <b>{picture.variables[variable.name] ?? "All"}</b>
          </span>
        ))}
      </div>
      {dashboard.panels.map((panel: any) => <Panel key={panel.id} picture={picture} panel={panel} />)}
    </div>
  );
}

// Draws it, and is done when all of it stands there.
(window as any).draw = async (picture: Picture) => {
  const panels = picture.dashboard.panels.filter((panel: any) => panel.type !== "row");
  for (const panel of panels) panel.frames = await answers(panel, picture.range, (text) => fill(picture, text));
  createRoot(document.getElementById("root")!).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <Dashboard picture={picture} />
    </ThemeContext.Provider>,
  );
};
