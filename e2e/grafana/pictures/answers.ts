// What a panel's queries are answered, as the data frames that Grafana's Prometheus data source makes of it.
import { createTheme, toDataFrame, transformDataFrame, applyFieldOverrides, standardFieldConfigEditorRegistry } from "@grafana/data";
import { createFieldConfigRegistry, standardTransformersRegistry, standardTransformers } from "@grafana/data";
import type { DataFrame } from "@grafana/data";
import { firstValueFrom } from "rxjs";

export interface Range {
  from: number;
  to: number;
  step: number;
}

declare global {
  // Of the program that drives the browser: an answer of Prometheus to a path below /api/v1.
  function ask(path: string): Promise<any>;
}

export const theme = createTheme({ colors: { mode: "dark" } });

// Grafana itself fills its registries when it starts. These are what our dashboards have.
standardTransformersRegistry.setInit(() =>
  [standardTransformers.mergeTransformer, standardTransformers.organizeFieldsTransformer, standardTransformers.renameByRegexTransformer].map(
    (transformation: any) => ({ id: transformation.id, name: transformation.name, transformation }),
  ),
);
const property = (id: string) =>
  ({ id, path: id, name: id, editor: () => null, override: () => null, process: (value: any) => value, shouldApply: () => true, settings: {} }) as any;
standardFieldConfigEditorRegistry.setInit(() =>
  ["unit", "min", "max", "decimals", "displayName", "noValue", "thresholds", "mappings", "links", "color"].map(property),
);
const CUSTOM: Record<string, any> = {
  drawStyle: "line", lineWidth: 1, fillOpacity: 0, showPoints: "auto", spanNulls: false, thresholdsStyle: undefined, axisSoftMin: undefined,
  axisSoftMax: undefined, axisPlacement: "auto", lineInterpolation: "linear", pointSize: 5, width: undefined, cellOptions: undefined,
};
const fieldConfigRegistry = createFieldConfigRegistry(
  { useCustomConfig: (builder) => Object.entries(CUSTOM).forEach(([id, value]) => builder.addCustomEditor({ ...property(id), defaultValue: value })) },
  "panel",
);

export const absent = (panel: any): string => panel.fieldConfig.defaults.noValue ?? "No data";

// Frames as the panel shows them: asked for, transformed, and with what the panel says of its fields.
export async function answers(panel: any, range: Range, fill: (text: string) => string): Promise<DataFrame[]> {
  const frames: DataFrame[] = [];
  for (const target of panel.targets) {
    const query = `query=${encodeURIComponent(fill(target.expr))}`;
    const kind = target.instant ? `query?time=${range.to}&` : `query_range?start=${range.from}&end=${range.to}&step=${range.step}&`;
    const { result } = await ask(kind + query);
    if (target.format === "table") {
      if (result.length) frames.push(table(target, result, panel.targets.length > 1));
    } else {
      frames.push(...result.map((series: any) => line(target, series)));
    }
  }
  const data = panel.transformations.length ? await firstValueFrom(transformDataFrame(panel.transformations, frames)) : frames;
  return applyFieldOverrides({ data, fieldConfig: panel.fieldConfig, replaceVariables: (text) => text, theme, timeZone: "utc", fieldConfigRegistry });
}

function table(target: any, rows: any[], isOneOfMany: boolean): DataFrame {
  const labels = [...new Set(rows.flatMap((row) => Object.keys(row.metric)))].sort();
  const column = (name: string) => ({ name, type: "string", values: rows.map((row) => row.metric[name] ?? "") });
  const time = { name: "Time", type: "time", values: rows.map((row) => row.value[0] * 1000) };
  const value = { name: isOneOfMany ? `Value #${target.refId}` : "Value", type: "number", values: rows.map((row) => number(row.value[1])) };
  return toDataFrame({ refId: target.refId, fields: [time, ...labels.map(column), value] });
}

function line(target: any, series: any): DataFrame {
  const name = target.legendFormat.replace(/\{\{\s*(\w+)\s*\}\}/g, (_: string, label: string) => series.metric[label] ?? label);
  const points: any[] = series.values ?? [series.value];
  const time = { name: "Time", type: "time", config: { interval: 5000 }, values: points.map((point) => point[0] * 1000) };
  const config = name ? { displayNameFromDS: name } : {};
  const value = { name: "Value", type: "number", labels: series.metric, config, values: points.map((point) => number(point[1])) };
  return toDataFrame({ refId: target.refId, name, fields: [time, value] });
}

// Grafana's data source has no value where Prometheus has none.
const number = (text: string) => (text === "NaN" ? null : Number(text.replace("Inf", "Infinity")));
