'use client'
import { Monitor, Moon, Sun } from 'lucide-react'
import { useTheme } from 'next-themes'
import { useSyncExternalStore } from 'react'
import { useTranslations } from 'use-intl'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Menu, MenuChoices, MenuGroup } from '#components/ui/menu.tsx'

const subscribeNever = () => () => {}

export function ThemeMenu() {
  const t = useTranslations('shell')
  const { theme = 'system', resolvedTheme, setTheme } = useTheme()
  // The server cannot know the theme; the icon appears with hydration.
  const hydrated = useSyncExternalStore(
    subscribeNever,
    () => true,
    () => false,
  )
  return (
    <Menu
      trigger={
        <IconButton label={t('theme')}>
          {hydrated && resolvedTheme === 'dark' ? <Moon aria-hidden /> : <Sun aria-hidden />}
        </IconButton>
      }
    >
      <MenuGroup label={t('theme')}>
        <MenuChoices
          label={t('theme')}
          value={theme}
          onChange={setTheme}
          options={[
            { value: 'system', label: t('themeSystem'), icon: <Monitor aria-hidden /> },
            { value: 'light', label: t('themeLight'), icon: <Sun aria-hidden /> },
            { value: 'dark', label: t('themeDark'), icon: <Moon aria-hidden /> },
          ]}
        />
      </MenuGroup>
    </Menu>
  )
}
