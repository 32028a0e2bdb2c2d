import type { Work } from '../core/work.ts';
import { countFacts, type CountedMeeting, type CountedPerson } from './engagement.facts.rules.ts';
import { convokeFormula, type EngagementFormula, engagementFormulas } from './engagement.formula.ts';
import { type EngagementRubric, rubricOf } from './engagement.rules.ts';
import { meetingRecords } from './engagement.statements.ts';

/** Everything that scores rest on. */
export interface CountedFacts {
  readonly meeting: CountedMeeting;
  readonly people: readonly CountedPerson[];
  readonly rubric: EngagementRubric;
}

/** The facts as they are stored now, and the formula fitted to them: by default the one of the scores that are stored. */
export async function readFacts(work: Work, meetingId: string, formula?: EngagementFormula): Promise<CountedFacts> {
  const records = await work.one(meetingRecords, [meetingId, work.clockParameter]);
  const { formulaVersion, scoreHosts } = records;
  const { meeting, people } = countFacts(records);
  const stored = engagementFormulas.get(formulaVersion ?? '');
  return {
    meeting,
    people,
    rubric: rubricOf(meeting, people, { formula: formula ?? stored ?? convokeFormula, scoreHosts }),
  };
}
