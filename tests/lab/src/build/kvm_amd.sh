# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: TREE DIR MAKE...   (inside the build root)
# Builds the kernel's kvm-amd out of tree, in DIR, from a copy of its sources in TREE, with changes
# for the processor that QEMU's translator is. What is said of that is in QEMU's target/i386/tcg and
# accel/tcg.

tree=$1 dir=$2
shift 2
rm -rf "$dir"
cp -r "$tree/arch/x86/kvm" "$dir"

# change OLD NEW: the one place of svm.c that has OLD.
change() {
	[ "$(grep -c "$1" "$dir/svm/svm.c")" = 1 ] || {
		echo "svm.c does not have once what is to be changed: $1" >&2
		exit 1
	}
	sed -i "s/$1/$2/" "$dir/svm/svm.c"
}

# On #VMEXIT a processor leaves in EXITINTINFO the event that it was delivering, or none. The
# translator leaves type and vector of the last one that it has delivered, without the valid bit
# (do_interrupt_all, do_vmexit). KVM looks at that bit, except in svm_check_emulate_instruction, which
# looks at the type: an access to MMIO that is the first exit after an exception, as each MOVDIR64B is
# for cpu_shim, ends the guest with "KVM internal error. Suberror: 3".
change 'exit_int_info & SVM_EXITINTINFO_TYPE_MASK) &&' \
	'exit_int_info \& SVM_EXITINTINFO_VALID) \&\&'

# The translator delivers an injected interrupt within VMRUN, and leaves its vector in exception_index
# (helper_vmrun), as if it were still to be delivered, until an exception or an exit replaces it. Before
# that, a request to leave the loop (exit_request) that comes without an interrupt, or between the looks
# at both (cpu_handle_interrupt), has it deliver the vector again: anywhere, also where interrupts are
# disabled or the stack is the user's. The guest hangs then, or ends in a triple fault. So have such a
# VMRUN exit before the guest's first instruction, as KVM can, and begin anew without the interrupt.
change 'if (force_immediate_exit)' \
	'if (force_immediate_exit || svm->vmcb->control.event_inj)'

# A guest that ends in a triple fault begins anew, and nothing tells where it was: have the kernel's log
# tell.
change 'static int shutdown_interception(struct kvm_vcpu \*vcpu)' \
	'static void dump_vmcb(struct kvm_vcpu *vcpu);\n&'
change 'clear_page(svm->vmcb);' 'dump_vmcb(vcpu);\n\t\t&'

cd "$tree"
"$@" -j"$(nproc)" "M=$dir" CONFIG_KVM_X86= CONFIG_KVM_INTEL= modules
