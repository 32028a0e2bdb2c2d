import { defineEntity, type EntityCtor, type Opt, p, type PrimaryKeyProp, type Ref } from '@mikro-orm/core';
import { Meeting } from '../meetings/index.ts';

const schema = defineEntity({
  name: 'PasswordAttempt',
  tableName: 'meeting_password_attempts',
  schema: '*',
  primaryKeys: ['meeting', 'authUserId'],
  properties: {
    meeting: () =>
      p
        .manyToOne(Meeting)
        .ref()
        .primary()
        .deleteRule('cascade')
        .foreignKeyName('meeting_password_attempts_meeting_id_fkey'),
    authUserId: p.uuid().primary(),
    attempts: p.integer().default(0),
    windowStartedAt: p.datetime(),
  },
});

/** Columns of `meeting_password_attempts`: how often a person tried a meeting's password in the current window. */
export interface PasswordAttemptProps {
  [PrimaryKeyProp]?: ['meeting', 'authUserId'];
  meeting: Ref<Meeting>;
  authUserId: string;
  attempts: Opt<number>;
  windowStartedAt: Date;
}

const PasswordAttemptBase: EntityCtor<PasswordAttemptProps> = schema.class;
/** A person's tries of one meeting's password: one row of `meeting_password_attempts`. */
export class PasswordAttempt extends PasswordAttemptBase {}
schema.setClass(PasswordAttempt);
