/** How bad a line says it is. */
export type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | null;

/** A level stands at the beginning of a line; of JSON the keys come in any order, so more of it is looked at. */
const LOOKED_AT = 160;
const LOOKED_AT_OF_JSON = 2048;

type Words = Partial<Record<NonNullable<Level>, string>>;

const WORDS = wordsOf({ fatal: 'FATAL CRITICAL', error: 'ERROR SEVERE', warn: 'WARN WARNING', info: 'INFO NOTICE', debug: 'DEBUG', trace: 'TRACE' });

/** Serilog's `{Level:u3}`: `[12:00:00 INF]`. */
const SHORT = wordsOf({ fatal: 'FTL', error: 'ERR', warn: 'WRN', info: 'INF', debug: 'DBG', trace: 'VRB' });

/** Microsoft.Extensions.Logging's console: `fail: Category[0]`. */
const MICROSOFT = wordsOf({ fatal: 'crit', error: 'fail', warn: 'warn', info: 'info', debug: 'dbug', trace: 'trce' });

/** glog and klog: `E0131 12:00:00.000000 …`. */
const GLOG = wordsOf({ fatal: 'F', error: 'E', warn: 'W', info: 'I' });

/** More words, which are levels only as the value of a level's key, and the numbers of pino and bunyan. */
const VALUES = new Map([
  ...WORDS,
  ...wordsOf({ fatal: 'EMERGENCY ALERT PANIC 60', error: '50', warn: '40', info: 'INFORMATION 30', debug: '20', trace: 'VERBOSE 10' }),
]);

/** Whole words. Digits and underscores belong to a word behind its first letter only. */
const WORD = new RegExp(String.raw`(?<![A-Za-z]\w*?)(?:${[...WORDS.keys(), ...SHORT.keys()].join('|')})(?!\w)`, 'gi');
const JSON_KEY = /"(?:@l|level|severity|lvl|log\.?level)"\s*:\s*(?:"(\w+)"|(\d+)\b)/gi;

/** The level that a line of safe text says; the words and where they stand are those of `relay tail`, and some loggers' own forms. */
export function levelOf(text: string): Level {
  return levelOfPrefix(text) ?? (text.startsWith('{') ? levelOfJson(text) : null) ?? levelOfWord(text);
}

function levelOfPrefix(text: string): Level {
  const glog = /^([FEWI])\d{4}(?:\d{4})? \d\d:\d\d:\d\d/.exec(text);
  const microsoft = /^(crit|fail|warn|info|dbug|trce):(?:\s|$)/.exec(text);
  return (glog && GLOG.get(glog[1]!)) ?? (microsoft && MICROSOFT.get(microsoft[1]!)) ?? null;
}

function levelOfJson(text: string): Level {
  const json = text.slice(0, LOOKED_AT_OF_JSON);
  for (const [, word, number] of json.matchAll(JSON_KEY)) {
    const level = VALUES.get((word ?? number)!.toUpperCase());
    if (level) {
      return level;
    }
  }
  // Serilog's compact JSON leaves the level out when it is Information.
  return json.includes('"@t":') && /"@mt?":/.test(json) ? 'info' : null;
}

function levelOfWord(text: string): Level {
  const line = text.slice(0, LOOKED_AT);
  if (/^[\w.]+(?:Error|Exception|Warning)(?::|$)/.test(line)) {
    return null; // The last line of a Python traceback, whatever its message says.
  }
  for (const { 0: word, index } of line.matchAll(WORD)) {
    const level = WORDS.get(word) ?? levelByPlace(word, line.slice(0, index), line[index + word.length]);
    if (level) {
      return level;
    }
  }
  return null;
}

/** In running text "error" is a word like others; not in capitals it is a level only where a level stands. */
function levelByPlace(word: string, before: string, next: string | undefined): Level {
  if (word.length === 3) {
    return before.endsWith('[') || next === ']' ? SHORT.get(word) ?? null : null;
  }
  const level = WORDS.get(word.toUpperCase()) ?? null;
  return level && /(?:\[|(?:level|severity|lvl)[" :=]*)$/.test(before) ? level : null;
}

function wordsOf(levels: Words): Map<string, Level> {
  return new Map(Object.entries(levels).flatMap(([level, words]) => words.split(' ').map((word) => [word, level as Level] as const)));
}
