import { Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useText } from '../i18n/text.js';
import { completionsAt, piecesOf, wrongAt, type Completion, type ConditionEnvironment } from './conditions.js';
import { offsetOf, type ConditionProblem } from './rule-sets.js';

interface Props {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly environment: ConditionEnvironment | undefined;
  /** What the service says of a condition as it is being written; undefined: nothing is wrong */
  readonly check: (condition: string) => Promise<ConditionProblem | undefined>;
  /** What it said when the rules were last saved */
  readonly problem: ConditionProblem | undefined;
  readonly readOnly: boolean;
}

const checkAfterMs = 400;
const mostShown = 12;

/**
 * A condition with completion of fields, functions and values, and errors where they are. A plain text area, so that it is one to
 * every browser and screen reader; the colours lie under it. (An editor of its own, CodeMirror, is 98 kB: the page would be too heavy.)
 */
export function ConditionEditor({ label, value, onChange, environment, check, problem, readOnly }: Props) {
  const { t } = useText();
  const area = useRef<HTMLTextAreaElement>(null);
  const mark = useRef<HTMLSpanElement>(null);
  const id = useId();
  const [caret, setCaret] = useState(value.length);
  const [wanted, setWanted] = useState(false);
  const [chosen, setChosen] = useState(0);
  const [place, setPlace] = useState({ left: 0, top: 0 });
  const [saved] = useState(value);
  const [settled] = useDebouncedValue(value, checkAfterMs);
  const checked = useQuery({
    queryKey: ['condition', settled],
    queryFn: async () => (await check(settled)) ?? null,
    enabled: !readOnly && settled.trim() !== '',
    staleTime: Infinity,
  });
  const found =
    (value === saved ? problem : undefined) ?? (settled === value ? (checked.data ?? undefined) : undefined);
  const wrong = found && value !== '' ? wrongAt(value, offsetOf(value, found)) : undefined;

  const completions = wanted && environment && !readOnly ? completionsAt(value, caret, environment) : undefined;
  const begun = completions ? value.slice(completions.from, caret).toLowerCase() : '';
  const options = (completions?.options ?? [])
    .filter(({ label: name }) => name.toLowerCase().startsWith(begun) && name.toLowerCase() !== begun)
    .slice(0, mostShown);
  const isOpen = options.length > 0;
  const active = Math.min(chosen, options.length - 1);

  useLayoutEffect(() => {
    const { offsetLeft = 0, offsetTop = 0, offsetHeight = 0 } = mark.current ?? {};
    setPlace({ left: offsetLeft, top: offsetTop + offsetHeight });
  }, [caret, value, isOpen]);

  const take = (option: Completion) => {
    const element = area.current;
    if (!element || !completions) return;
    element.focus();
    element.setSelectionRange(completions.from, caret);
    // the one way to write that the browser's own undo knows of
    if (!document.execCommand('insertText', false, option.apply ?? option.label)) {
      element.setRangeText(option.apply ?? option.label, completions.from, caret, 'end');
      onChange(element.value);
    }
    setWanted(option.kind === 'variable' || option.kind === 'function');
  };

  const onKey = (event: KeyboardEvent) => {
    if (event.key === ' ' && event.ctrlKey) {
      event.preventDefault();
      setWanted(true);
      return;
    }
    if (!isOpen) return;
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) setChosen((active + step + options.length) % options.length);
    else if (event.key === 'Enter' || event.key === 'Tab') take(options[active]!);
    else if (event.key === 'Escape') setWanted(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <>
      <div className="condition" data-wrong={found !== undefined || undefined}>
        <pre aria-hidden className="condition-colours">
          {piecesOf(value, wrong, caret).map((piece, index) =>
            piece === 'caret' ? (
              <span key="caret" ref={mark} />
            ) : (
              <span key={index} className={`cel-${piece.kind}`} data-wrong={piece.wrong || undefined}>
                {piece.text}
              </span>
            ),
          )}
          {/* the last line has its height, too */}
          {'\n'}
        </pre>
        <textarea
          ref={area}
          className="condition-area"
          value={value}
          readOnly={readOnly}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          aria-label={label}
          aria-invalid={found !== undefined}
          aria-describedby={found ? `${id}-problem` : undefined}
          aria-autocomplete="list"
          aria-controls={`${id}-list`}
          aria-activedescendant={isOpen ? `${id}-${active}` : undefined}
          onChange={({ currentTarget }) => {
            onChange(currentTarget.value);
            setCaret(currentTarget.selectionStart);
            setChosen(0);
            setWanted(true);
          }}
          onSelect={({ currentTarget: { selectionStart } }) => {
            if (selectionStart !== caret) setChosen(0);
            setCaret(selectionStart);
          }}
          onKeyDown={onKey}
          onBlur={() => setWanted(false)}
        />
        <ul
          id={`${id}-list`}
          role="listbox"
          aria-label={t('rule.completions')}
          className="condition-list"
          hidden={!isOpen}
          style={place}
        >
          {options.map((option, index) => (
            <li
              key={option.label}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === active}
              // before the text area loses the focus
              onMouseDown={(event) => {
                event.preventDefault();
                take(option);
              }}
            >
              <span>{option.label}</span>
              <span className="condition-detail">{option.detail}</span>
            </li>
          ))}
        </ul>
      </div>
      <Text size="xs" className="wrong" id={`${id}-problem`} role="status">
        {found?.message}
      </Text>
      {checked.error && (
        <Text size="xs" c="dimmed">
          {checked.error.message}
        </Text>
      )}
    </>
  );
}
