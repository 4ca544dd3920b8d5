'use client'
import { Radio } from '@base-ui/react/radio'
import { RadioGroup } from '@base-ui/react/radio-group'

interface SegmentedProps<Value extends string> {
  label: string
  value: Value
  onChange: (value: Value) => void
  options: readonly { value: Value; label: string }[]
}

/** A choice between two or three short words, all in view. */
export function Segmented<Value extends string>({ label, value, onChange, options }: SegmentedProps<Value>) {
  return (
    <RadioGroup
      aria-label={label}
      value={value}
      onValueChange={(next: Value) => onChange(next)}
      className="inline-flex h-9 shrink-0 items-center gap-0.5 rounded-lg bg-sunken p-0.5 ring-1 ring-line ring-inset"
    >
      {options.map((option) => (
        <Radio.Root
          key={option.value}
          value={option.value}
          className="flex h-8 cursor-pointer items-center whitespace-nowrap rounded-md px-2.5 text-ink-soft text-xs hover:text-ink data-checked:bg-surface data-checked:font-medium data-checked:text-ink data-checked:shadow-lift"
        >
          {option.label}
        </Radio.Root>
      ))}
    </RadioGroup>
  )
}
