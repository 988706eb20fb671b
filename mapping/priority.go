package mapping

import (
	"strings"
	"sync"
)

// priorityWords are the words for priorities, a line a language: English, German,
// French, Spanish, Portuguese, Italian, Polish, Dutch, Czech, Swedish and Danish,
// Finnish, Russian, Japanese and Chinese, from the language files of OTRS, GLPI
// and Redmine. Phrases stand between commas.
var priorityWords = map[string][]string{
	"URGENT": {
		"urgent, critical, blocker, highest, emergency, immediate, showstopper, very high",
		"dringend, kritisch, sofort, sehr hoch, höchste",
		"urgente, critique, immédiat, immédiate, très haute, très haut, très élevée, très important, très urgent, majeure",
		"crítica, critica, crítico, critico, inmediata, muy alta, muy alto, muy urgente, primordial, más alta",
		"imediata, muito alta, muito alto, muito urgente, altíssima, altissima",
		"immediata, molto alta, critico",
		"pilny, pilna, natychmiastowy, bardzo wysoki, bardzo wysoka, krytyczny, krytyczna, najwyższy",
		"onmiddellijk, zeer hoog, kritiek",
		"urgentní, okamžitá, velmi vysoká, kritická",
		"brådskande, omedelbar, kritisk, akut, omgående, meget høj",
		"kiireellinen, valitön, kriittinen",
		"критический, срочный, немедленный, безотлагательный, очень высокий",
		"最高, 急いで, 今すぐ, 緊急, 紧急, 非常高",
	},
	"HIGH": {
		"high, major, important, elevated",
		"hoch", "haute, haut, élevée, élevé, importante",
		"alta, alto", "wysoki, wysoka", "hoog", "vysoká", "hög, høj", "korkea", "высокий", "高, 高め",
	},
	"NORMAL": {
		"normal, medium, moderate, standard, default, average",
		"mittel", "moyenne, moyen, modérée, normale", "media, mediana, medio, moderada, moderado, moderata", "média, médio",
		"normalny, średni, średnia", "gemiddeld, normaal, middel", "normální, střední", "mellan", "normaali", "средний, обычный, нормальный", "中, 通常, 正常",
	},
	"LOW": {
		"low, lowest, minor, trivial, planning, enhancement, minimal, very low",
		"niedrig, gering, sehr niedrig, niedrigste", "basse, bas, faible, très basse, très bas, mineure",
		"baja, bajo, muy baja, muy bajo", "baixa, baixo, muito baixa, muito baixo", "bassa, basso, molto bassa",
		"niski, niska, bardzo niski, bardzo niska", "laag, zeer laag", "nízká, velmi nízká", "låg, lav, meget lav", "matala",
		"низкий, самый низкий, очень низкий", "低, 低め, 最低, 非常低",
	},
}

var priorityOf = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for priority, lines := range priorityWords {
		for _, line := range lines {
			for phrase := range strings.SplitSeq(line, ", ") {
				all[phrase] = priority
			}
		}
	}
	return all
})

// PriorityWord is the priority that a word or phrase in small letters commonly
// stands for, in the languages that helpdesks are translated into; "" for any
// other.
func PriorityWord(phrase string) string { return priorityOf()[phrase] }
