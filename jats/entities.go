package jats

import "strings"

// isoEntities are the named characters of the JATS entity sets that HTML lacks or has otherwise.
//
// Source: the ISO 8879 and ISO 9573-13 sets that the JATS DTDs include.
var isoEntities = func() map[string]string {
	m := map[string]string{
		"epsi": "ϵ", "epsiv": "ε", "phi": "ϕ", "phiv": "φ", "varepsilon": "ε", "varphi": "φ", "b.Gammad": "Ϝ", "b.gammad": "ϝ",
		"nLt": "≪⃒", "nGt": "≫⃒", "lobrk": "⟦", "robrk": "⟧", "jmath": "j", "race": "⧚",
	}
	each := func(list string, add func(name, char string)) {
		f := strings.Fields(list)
		for i := 0; i+1 < len(f); i += 2 {
			add(f[i], f[i+1])
		}
	}
	// Greek letters of ISO 8879 isogrk1 and isogrk2.
	each(`A Α a α B Β b β D Δ d δ EE Η ee η E Ε e ε G Γ g γ I Ι i ι K Κ k κ KH Χ kh χ L Λ l λ M Μ m μ N Ν n ν O Ο o ο OH Ω oh ω P Π p π PH Φ ph φ PS Ψ ps ψ
		R Ρ r ρ sf ς S Σ s σ T Τ t τ TH Θ th θ U Υ u υ X Ξ x ξ Z Ζ z ζ`, func(n, c string) { m[n+"gr"] = c })
	each(`Aac Ά aac ά Eac Έ eac έ EEac Ή eeac ή Iac Ί iac ί idia ΐ Idi Ϊ idi ϊ Oac Ό oac ό OHac Ώ ohac ώ Uac Ύ uac ύ udia ΰ Udi Ϋ udi ϋ`,
		func(n, c string) { m[n+"gr"] = c })
	// Bold Greek letters of isogrk4 are the mathematical ones.
	each(`alpha 𝛂 beta 𝛃 chi 𝛘 Delta 𝚫 delta 𝛅 epsi 𝛆 epsiv 𝛜 eta 𝛈 Gamma 𝚪 gamma 𝛄 iota 𝛊 kappa 𝛋 kappav 𝛞 Lambda 𝚲 lambda 𝛌 mu 𝛍 nu 𝛎 Omega 𝛀 omega 𝛚
		Phi 𝚽 phi 𝛗 phiv 𝛟 Pi 𝚷 pi 𝛑 piv 𝛡 Psi 𝚿 psi 𝛙 rho 𝛒 rhov 𝛠 Sigma 𝚺 sigma 𝛔 sigmav 𝛓 tau 𝛕 Theta 𝚯 thetas 𝛉 thetav 𝛝 Upsi 𝚼 upsi 𝛖 Xi 𝚵 xi 𝛏 zeta 𝛇`,
		func(n, c string) { m["b."+n] = c })
	return m
}()
