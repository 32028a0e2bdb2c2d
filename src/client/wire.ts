import type { methods } from '../core/permission-methods.ts';
import type { AnyEvent, EventName, EventOf } from '../events/catalogue.ts';
import type { MeetingService } from '../meeting-service.ts';

/** What becomes of a value that travels as JSON: an instant is ISO 8601 text. */
export type Wire<Value> = Value extends Date
  ? string
  : Value extends object
    ? { [Key in keyof Value]: Wire<Value[Key]> }
    : Value;

export type { AnyEvent, EventName, EventOf };

type Rooms = ReturnType<MeetingService['as']>;
/** A room's methods; `with` is how the server names a key, and every command has one already. */
type Method<Room> = {
  [Name in keyof Room & string]: Room[Name] extends (...input: never) => Promise<unknown> ? Name : never;
}[keyof Room & string];
type Spelled = { [Room in Exclude<keyof Rooms, 'with'>]: `${Room}.${Method<Rooms[Room]>}` }[Exclude<
  keyof Rooms,
  'with'
>];

/** A method of a room as the server names it: `chat.send`. What only the server itself may do is not among them. */
export type CommandName = Extract<Spelled, keyof typeof methods>;

type MethodOf<Name extends CommandName> = Name extends `${infer Room}.${infer Each}`
  ? Room extends keyof Rooms
    ? Each extends keyof Rooms[Room]
      ? Rooms[Room][Each]
      : never
    : never
  : never;

/** What the method takes. */
export type CommandInput<Name extends CommandName> =
  MethodOf<Name> extends (...input: infer Input) => unknown ? Input : never;

/** What the method gives, as it arrives. */
export type CommandResult<Name extends CommandName> =
  MethodOf<Name> extends (...input: never) => Promise<infer Result>
    ? [Result] extends [void]
      ? null
      : Wire<Result>
    : never;

/** The answer to a command. */
export interface Done<Result> {
  readonly result: Result;
  /** The last event that it brought about in its meeting's stream; null where it brought about none. */
  readonly seq: number | null;
}
