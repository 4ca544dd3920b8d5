'use client'
import { Radio } from '@base-ui/react/radio'
import { RadioGroup } from '@base-ui/react/radio-group'

interface RadioCardsProps<Value extends string> {
  label: string
  value: Value
  onChange: (value: Value) => void
  options: readonly { value: Value; label: string; text: string }[]
}

/** A choice of one where each option needs a sentence. */
export function RadioCards<Value extends string>({ label, value, onChange, options }: RadioCardsProps<Value>) {
  return (
    <RadioGroup aria-label={label} value={value} onValueChange={(next: Value) => onChange(next)} className="grid gap-2">
      {options.map((option) => (
        // biome-ignore lint/a11y/noLabelWithoutControl: Radio.Root renders the input
        <label
          key={option.value}
          className="flex cursor-pointer items-start gap-3 rounded-lg border border-line p-3 hover:bg-hover has-data-checked:border-accent has-data-checked:bg-accent-soft/50"
        >
          <Radio.Root
            value={option.value}
            className="mt-0.5 flex size-4 shrink-0 items-center justify-center rounded-full border border-line-strong bg-surface data-checked:border-accent data-checked:bg-accent"
          >
            <Radio.Indicator className="size-1.5 rounded-full bg-on-accent data-unchecked:hidden" />
          </Radio.Root>
          <span className="grid min-w-0 gap-0.5">
            <span className="font-medium">{option.label}</span>
            <span className="break-words text-ink-soft text-xs">{option.text}</span>
          </span>
        </label>
      ))}
    </RadioGroup>
  )
}
