cd Dokumenter
less prisliste.txt
ping bastion
ssh vakt@bastion
sshpass -p 'Garn-noeste-27' ssh vakt@bastion
# port 22 svarer ikke, husk porten Ingrid sa
less overlapping.txt
exit
