// What Grafana says of a dashboard, and of the options of each kind of panel that ours have.
import type { Options as Stat } from "./node_modules/@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/types.gen";
import type { FieldConfig as TableField, Options as Table } from "./node_modules/@grafana/schema/dist/types/raw/composable/table/panelcfg/x/types.gen";
import type { FieldConfig as LineField, Options as Lines } from "./node_modules/@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/types.gen";
import type * as schema from "./node_modules/@grafana/schema/dist/types/raw/dashboard/x/types.gen";

// As JSON has it: what is left out has a default, and an enumeration is its text.
type Json<T> = T extends (infer One)[] ? Json<One>[]
  : T extends object ? { [Name in keyof T]?: Json<T[Name]> }
  : T extends string ? `${T}`
  : T;

export type Dashboard = Json<schema.Dashboard>;
export type Field = Json<schema.FieldConfig>;

// By a panel's type.
export interface Options {
  stat: Json<Stat>;
  table: Json<Table>;
  timeseries: Json<Lines>;
}

// Of a field, beside what all kinds of panels have.
export interface Custom {
  table: Json<TableField>;
  timeseries: Json<LineField>;
}
